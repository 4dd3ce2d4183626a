// Package candidate makes the names to be probed: keywords times TLDs, as a
// stream that is never held whole.
//
// Data flows in one direction through the package, from keywords to names:
//
//   - Sources of keywords are sequences of strings: [Lines] and [Records] of
//     a text, [Strings] given one by one, the [Words] of a programming
//     language, the keywords of a [Pattern], in order or shuffled, what
//     [Combine] makes of words and [Hacks] of one. [Concat] puts sources one
//     after the other.
//   - TLDs are chosen by hand or by [Preset] from the embedded list, [TLDs].
//     A mistyped one is recognized by [Closest].
//   - A [Generator] multiplies them: each keyword, with each prefix and each
//     suffix glued to it, under each TLD. A keyword with a dot is a whole
//     domain and is not multiplied.
//   - A [Candidate] comes out for every one, normalized and checked. [Parse]
//     and [Names] make candidates of whole domains directly. [Shard] and
//     [Limit] take a part of a stream of candidates.
//
// Nothing is dropped in silence. A name that cannot be registered is a
// candidate too, with the [Reason] in its Err, so that every input has its row
// in a report. What is not passed on is counted: [Generator.Repeated] names
// are exact repeats of one of the last million, [Generator.Skipped] ones are
// outside the length that was asked for.
//
// Names are normalized by UTS 46, non-transitional, with the bidi rule of RFC
// 5893. What is ASCII already, nearly everything in practice, does not take
// that road: it is checked and glued together in one pass. Which names are
// registrable follows from three lists: the ICANN section of the public suffix
// list, the special-use names of RFC 6761, and the label rules of RFC 1123
// section 2.1.
//
// A sequence yields its own error, of a file that cannot be read for example,
// once and last, with a zero value beside it.
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

	// Prefix and Suffix are what was glued to Keyword. Both are empty for
	// the bare keyword.
	Prefix, Suffix string

	// Generator names what made Keyword, and is empty for a keyword that
	// the user wrote: see [Origin].
	Generator string

	// TLD is the effective TLD in its A-label form: "dev", "co.uk". It is
	// empty when an invalid candidate has none.
	TLD string

	// Err says why Name is not a registrable name. It is nil for a
	// candidate that can be probed.
	Err *Error
}

// A Key is what tells candidates apart: a name under one TLD is not the same
// name under another. foo.github.io can be registered under github.io, and is
// invalid under io.
type Key struct{ Name, TLD string }

// Key returns the key of the candidate.
func (c *Candidate) Key() Key { return Key{c.Name, c.TLD} }

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
