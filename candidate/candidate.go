package candidate

// A Candidate is a name to be probed, with the keyword and the TLD that made it.
type Candidate struct {
	// Name is the domain in its A-label form: lower case, without a final
	// dot. For an invalid candidate it is what could be made of the input,
	// which may hold any character.
	Name string

	// Unicode is the U-label form of Name, and empty when it would equal
	// Name or would not convert back to it.
	Unicode string

	// Keyword is what the user wrote: a keyword, or a whole domain.
	Keyword string

	// TLD is the effective TLD in its A-label form: "dev", "co.uk". It is
	// empty when an invalid candidate has none.
	TLD string

	// Err says why Name is not a registrable name. It is nil for a
	// candidate that can be probed.
	Err *Error
}

// A Reason is one word of the closed list that says why a verdict is what it
// is. Package probe holds the words that need the network.
type Reason string

// The reasons for which a name is invalid without asking anybody.
const (
	BadLabel       Reason = "bad-label"       // empty, wrong character, hyphen at an edge (RFC 1123 section 2.1)
	BadIDN         Reason = "bad-idn"         // not convertible by UTS 46, or against the bidi rule (RFC 5893)
	TooLong        Reason = "too-long"        // label over 63 octets or name over 253 (RFC 1035 section 2.3.4)
	NotRegistrable Reason = "not-registrable" // below a registrable name: foo.bar.com
	PublicSuffix   Reason = "public-suffix"   // is itself a public suffix: co.uk
	SpecialUse     Reason = "special-use"     // RFC 6761 registry: test, local, onion
)

// An Error says why a candidate is not a registrable name.
type Error struct {
	Reason Reason
	Detail string // one line for the user: "foo.bar.com lies below bar.com"
}

func (e *Error) Error() string { return e.Detail }
