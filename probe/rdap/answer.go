package rdap

import (
	"errors"
	"fmt"
	"time"
)

// A Status is what a registry says about a name.
type Status uint8

const (
	// Unconfirmed means that no registry said anything about the name that
	// can be relied upon. It is the zero value.
	Unconfirmed Status = iota
	// Registered means that the registry holds a registration.
	Registered
	// NotRegistered means that the registry holds none. The name may still
	// be reserved, or sold at a premium.
	NotRegistered
	// Reserved means that the registry withholds the name from registration.
	Reserved
)

var statusNames = [...]string{"unconfirmed", "registered", "not-registered", "reserved"}

// String returns the status as one word.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// A Reason is one word of a closed list that says why a name is unconfirmed;
// [Reasons] lists them all.
type Reason string

// The reasons for which a name is unconfirmed.
const (
	NoRDAP           Reason = "no-rdap"
	NoBootstrap      Reason = "no-bootstrap"
	RateLimited      Reason = "rate-limited"
	CircuitOpen      Reason = "circuit-open"
	Timeout          Reason = "timeout"
	Unreachable      Reason = "unreachable"
	HTTPError        Reason = "http-error"
	BadRedirect      Reason = "redirect"
	BadReply         Reason = "bad-reply"
	NotAuthoritative Reason = "not-authoritative"
	Unrecognized     Reason = "unrecognized"
	BadName          Reason = "bad-name"
	Canceled         Reason = "canceled"
)

// A ReasonDoc documents one reason in a sentence for the user.
type ReasonDoc struct {
	Reason Reason
	Text   string
}

// Reasons lists every reason.
func Reasons() []ReasonDoc {
	return []ReasonDoc{
		{NoRDAP, "the TLD has no RDAP server, and no WHOIS server whose replies are understood was to be asked"},
		{NoBootstrap, "the list of RDAP servers cannot be had, and the TLD is not among the built-in ones"},
		{RateLimited, "the registry's server refuses for now: too many questions"},
		{CircuitOpen, "the registry's server refused or failed repeatedly and is left alone for a while"},
		{Timeout, "the registry's server did not answer in time"},
		{Unreachable, "the registry's server cannot be reached, or its certificate is not valid"},
		{HTTPError, "the registry's server answered with an HTTP error"},
		{BadRedirect, "the registry's server redirects to where the question must not go"},
		{BadReply, "the reply is cut, too large, no RDAP, or contradicts itself"},
		{NotAuthoritative, "a server that does not speak for the whole TLD does not know the name"},
		{Unrecognized, "the WHOIS reply is none of those that the registry documents"},
		{BadName, "the name is not one that a registry can be asked about"},
		{Canceled, "the run ended before the registry had answered"},
	}
}

// An Answer is what is known about one name after its registry was asked.
type Answer struct {
	Status Status

	// Source is how the registry was asked last, "rdap" or "whois". It is
	// empty when there was nobody to ask.
	Source string

	// Server is who answered or failed to: the host of an RDAP server, host
	// and port of a WHOIS server. It is empty when there was nobody to ask.
	Server string

	// Reason says why the name is unconfirmed. It is empty otherwise.
	Reason Reason

	// Err is the detail behind Reason, an [*Error], and nil otherwise.
	Err error

	// RetryAfter is how long the server asked to be left alone, at most an
	// hour, with Reason RateLimited or CircuitOpen.
	RetryAfter time.Duration
}

// ErrNotRegistered says that there is nothing to look up: the registry holds
// no such name.
var ErrNotRegistered = errors.New("not registered")

// ErrReserved says that the registry withholds the name from registration.
var ErrReserved = errors.New("reserved by the registry")

// An Error says why a name is unconfirmed.
type Error struct {
	Reason     Reason
	Source     string        // "rdap" or "whois"; may be empty
	Server     string        // who was asked; may be empty
	RetryAfter time.Duration // with RateLimited and CircuitOpen
	Err        error         // the detail

	failed bool // the host is in trouble, whoever asks
}

func (e *Error) Error() string {
	if e.Server == "" {
		return printable(e.Err.Error())
	}
	return e.Server + ": " + printable(e.Err.Error())
}

// Unwrap returns the detail.
func (e *Error) Unwrap() error { return e.Err }

func unconfirmed(err error) Answer {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Reason: BadReply, Err: err}
	}
	return Answer{Source: e.Source, Server: e.Server, Reason: e.Reason, Err: e, RetryAfter: e.RetryAfter}
}
