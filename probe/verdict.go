package probe

import (
	"fmt"

	"domprobe/candidate"
	"domprobe/probe/internal/trust"
)

// A Verdict is the answer to: is this domain registered?
type Verdict uint8

const (
	// Unknown means that no trustworthy answer was had. It is the zero
	// value: nothing is claimed by default.
	Unknown Verdict = iota
	// Found means registered, or withheld by the registry.
	Found
	// NotFound means that the DNS shows no registration.
	NotFound
	// Invalid means that the name cannot be registered.
	Invalid
)

var verdictNames = [...]string{"unknown", "found", "not-found", "invalid"}

// String returns the word that flags, reports and documentation use.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// ParseVerdict is the inverse of [Verdict.String].
func ParseVerdict(s string) (Verdict, error) {
	for v, name := range verdictNames {
		if s == name {
			return Verdict(v), nil
		}
	}
	return Unknown, fmt.Errorf("unknown verdict %q", s)
}

// Verdicts returns all verdicts, in the order in which reports list them.
func Verdicts() []Verdict { return []Verdict{Found, NotFound, Unknown, Invalid} }

// MarshalText implements [encoding.TextMarshaler].
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (v *Verdict) UnmarshalText(text []byte) (err error) {
	*v, err = ParseVerdict(string(text))
	return err
}

// A Reason is one word of a closed list that says why a verdict is what it
// is; [Reasons] lists them all. Those of an invalid name that needed no
// question are constants of package candidate.
type Reason = candidate.Reason

// The reasons that need the network.
const (
	Delegated    = trust.Delegated    // found: the registry delegates the name
	Exists       = trust.Exists       // found: the name is in the registry zone
	ChildZone    = trust.ChildZone    // found: there is a zone at the name
	NXDomain     = trust.NXDomain     // not-found: the registry zone denies the name (RFC 8020)
	NoSuchTLD    = trust.NoSuchTLD    // invalid: the TLD does not exist
	Timeout      = trust.Timeout      // unknown: nobody answered in time
	ServFail     = trust.ServFail     // unknown: the server failed
	Refused      = trust.Refused      // unknown: the server refused the query
	Unreachable  = trust.Unreachable  // unknown: the server cannot be reached
	BadResponse  = trust.BadResponse  // unknown: the response proves nothing
	Bogus        = trust.Bogus        // unknown: DNSSEC validation failed at the resolver
	Truncated    = trust.Truncated    // unknown: the response did not fit and TCP gave none
	Filtered     = trust.Filtered     // unknown: a policy answered, not the registry
	Wildcard     = trust.Wildcard     // unknown: the TLD answers for every name
	Hijacked     = trust.Hijacked     // unknown: the server makes up answers for names that do not exist
	DeniesKnown  = trust.DeniesKnown  // unknown: the server denies names that are known to exist
	Stale        = trust.Stale        // unknown: the zone of the server is older than that of its sisters
	InZone       = trust.InZone       // unknown: the registry zone holds the name, but no delegation
	NoQuorum     = trust.NoQuorum     // unknown: too few servers were left to agree
	Disagreement = trust.Disagreement // unknown: servers contradict one another, or one alone the list of TLDs
	Lame         = trust.Lame         // unknown: the server is not responsible for the zone
)

// The reasons of [Options.ZoneFiles] and [Options.Offline].
const (
	ByZoneFile Reason = "zone-file"   // found or not-found: as the registry's zone file has it
	NoResolver Reason = "no-resolver" // unknown: nobody is asked, and there is no zone file
)

// The reasons of [Options.Confirm]: what the registry says by RDAP or WHOIS
// about a name that the DNS did not find, or why there is no word of it.
const (
	RDAPRegistered    Reason = "rdap-registered"     // found: the registry has a registration
	RDAPReserved      Reason = "rdap-reserved"       // found: the registry withholds the name
	RDAPNotRegistered Reason = "rdap-not-registered" // not-found: the registry has no registration
	RDAPNone          Reason = "rdap-none"           // not-found by the DNS: nobody to ask
	RDAPLimited       Reason = "rdap-limited"        // not-found by the DNS: the registry refuses for now
	RDAPPaused        Reason = "rdap-paused"         // not-found by the DNS: the registry is left alone for a while
	RDAPUnsure        Reason = "rdap-unsure"         // not-found by the DNS: the registry's reply proves nothing
	RDAPFailed        Reason = "rdap-failed"         // not-found by the DNS: the registry failed
	RDAPCanceled      Reason = "rdap-canceled"       // not-found by the DNS: the run ended first
)

// Reasons lists every reason with the verdict that it comes with and one
// sentence for the user, in the order of the documentation.
func Reasons() []ReasonDoc { return append([]ReasonDoc(nil), reasonDocs...) }

// A ReasonDoc documents one reason.
type ReasonDoc struct {
	Reason  Reason
	Verdict Verdict
	Text    string
}

var reasonDocs = []ReasonDoc{
	{Delegated, Found, "the registry delegates the name"},
	{Exists, Found, "the name is in the registry zone"},
	{ChildZone, Found, "there is a zone at the name"},
	{NXDomain, NotFound, "the registry zone denies the name"},
	{ByZoneFile, Found, "the registry's zone file says so; it also says not-found where nobody is asked"},
	{RDAPRegistered, Found, "not in the DNS, but the registry says that the name is registered"},
	{RDAPReserved, Found, "not in the DNS, but the registry withholds the name from registration"},
	{RDAPNotRegistered, NotFound, "the registry says that the name is not registered"},
	{RDAPNone, NotFound, "not in the DNS; not confirmed, as there is no registry server to ask"},
	{RDAPLimited, NotFound, "not in the DNS; not confirmed, as the registry refuses for now"},
	{RDAPPaused, NotFound, "not in the DNS; not confirmed, as the registry refused or failed repeatedly and is left alone"},
	{RDAPUnsure, NotFound, "not in the DNS; not confirmed, as the registry's reply proves nothing"},
	{RDAPFailed, NotFound, "not in the DNS; not confirmed, as the registry cannot be reached or failed"},
	{RDAPCanceled, NotFound, "not in the DNS; not confirmed, as the run ended first"},
	{NoResolver, Unknown, "nobody is asked, and no zone file is given for the TLD"},
	{Timeout, Unknown, "nobody answered in time"},
	{ServFail, Unknown, "every server that was asked failed"},
	{Refused, Unknown, "every server that was asked refused"},
	{Unreachable, Unknown, "the server cannot be reached"},
	{BadResponse, Unknown, "the response proves nothing"},
	{Bogus, Unknown, "DNSSEC validation failed at the resolver"},
	{Truncated, Unknown, "the answer did not fit and TCP gave none"},
	{Filtered, Unknown, "a blocklist or policy answered, not the registry"},
	{Wildcard, Unknown, "the TLD answers for every name"},
	{Hijacked, Unknown, "the server makes up answers for names that do not exist"},
	{DeniesKnown, Unknown, "the server denies names that are known to exist"},
	{Stale, Unknown, "the zone of the server is older than that of its sisters"},
	{InZone, Unknown, "the registry zone holds the name, but no delegation"},
	{Disagreement, Unknown, "servers contradict one another"},
	{NoQuorum, Unknown, "fewer servers agree than the quorum asks for"},
	{Lame, Unknown, "no server is responsible for the registry zone"},
	{NoSuchTLD, Invalid, "the TLD does not exist"},
	{candidate.BadLabel, Invalid, "a label is empty or holds a character that names cannot have"},
	{candidate.BadIDN, Invalid, "the name cannot be converted to its ASCII form"},
	{candidate.TooLong, Invalid, "a label is over 63 octets, or the name over 253"},
	{candidate.NotRegistrable, Invalid, "the name lies below a registrable one"},
	{candidate.PublicSuffix, Invalid, "the name is itself a public suffix"},
	{candidate.SpecialUse, Invalid, "the TLD is reserved for special use and never asked"},
}
