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

// A Reason is one word of a closed list that says why a name is unconfirmed.
type Reason string

// The reasons for which a name is unconfirmed.
const (
	NoRDAP           Reason = "no-rdap"           // no RDAP server, and no WHOIS server that was to be asked and is understood
	NoBootstrap      Reason = "no-bootstrap"      // the list of RDAP servers cannot be had, and the built-in one does not have the TLD
	RateLimited      Reason = "rate-limited"      // the server refuses for now: too many questions
	CircuitOpen      Reason = "circuit-open"      // the server refused or failed repeatedly and is left alone for a while
	Timeout          Reason = "timeout"           // the server did not answer in time
	Unreachable      Reason = "unreachable"       // the server cannot be reached, or its certificate is not valid
	HTTPError        Reason = "http-error"        // the server answered with an HTTP error
	BadRedirect      Reason = "redirect"          // the server redirects to where the question must not go
	BadReply         Reason = "bad-reply"         // the reply is cut, too large, no RDAP, or contradicts itself
	NotAuthoritative Reason = "not-authoritative" // a server that does not speak for the whole TLD does not know the name
	DeniesKnown      Reason = "denies-known"      // the server does not know the names of the TLD that are registered for certain
	Unrecognized     Reason = "unrecognized"      // the reply is in words that are not known: of WHOIS, or about reserved names
	BadName          Reason = "bad-name"          // a registry cannot be asked about such a name
	Canceled         Reason = "canceled"          // the run ended before the registry had answered
)

// An Answer is what is known about one name after its registry was asked.
type Answer struct {
	Status Status

	// Source is how the registry was asked last, "rdap" or "whois". It is
	// empty when there was nobody to ask.
	Source string

	// Server is who answered or failed to: the host of an RDAP server, host
	// and port of a WHOIS server. It is empty when there was nobody to ask.
	Server string

	// Domain is what the registry publishes about a name that is Registered,
	// and nil otherwise.
	Domain *Domain

	// Note restricts the status, for people to read. It is empty where there
	// is nothing to add.
	Note string

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

// passing reports whether the trouble is the host's or the caller's, and no word
// about the name.
func (e *Error) passing() bool {
	return e.failed || e.Reason == RateLimited || e.Reason == CircuitOpen || e.Reason == Canceled
}

func unconfirmed(e *Error) Answer {
	return Answer{Source: e.Source, Server: e.Server, Reason: e.Reason, Err: e, RetryAfter: e.RetryAfter}
}
