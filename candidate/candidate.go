// Package candidate generates domain names to probe: every keyword under every
// TLD, as a stream that is never in memory as a whole.
//
// A [Generator] combines keywords, prefixes, suffixes and TLDs:
//
//   - Keywords come from a sequence of strings. [Lines] and [Records] read them
//     from a text, [Words] has the keywords of a programming language, [Combine]
//     and [Blend] join words, and package pattern expands a pattern. [Concat] puts
//     sequences one after the other, [Clean] finds the keywords in pasted text, and
//     [Endings] and [Typos] make more of a keyword.
//   - TLDs are chosen one by one or by [Preset] from the embedded list, [TLDs].
//     [Closest] corrects a mistyped TLD.
//   - A keyword with a dot is a whole domain: it is not combined with anything.
//
// The result is one [Candidate] for each name, normalized and validated. [Parse]
// and [Names] return candidates for whole domains directly, [Hacks] finds the
// domains that spell a keyword, [Shard] selects a part of a stream, and a [Ranking]
// puts the best of it first.
//
// No name is dropped silently. A name that cannot be registered is a candidate
// with an [Error], so that a report has a row for every input. Names that are left
// out are counted: [Generator.Repeated] counts repeats of one of the last million
// names, [Generator.Skipped] names of the wrong length, and [Generator.Excluded]
// names of an [Exclusion].
//
// Names are normalized as UTS 46 specifies, with non-transitional processing and
// the bidi rule of RFC 5893. Whether a name is registrable follows from the public
// suffix list, the special-use names of RFC 6761, and the syntax of a label (RFC
// 1123 section 2.1).
//
// A sequence yields an error of its own, such as that of a file, once and last,
// with a zero value beside it.
package candidate

// A Candidate is a name to probe, with the keyword and the TLD that it was made of.
type Candidate struct {
	// Name is the domain in its A-label form: lower case, without a final
	// dot. The Name of an invalid candidate may contain any character.
	Name string

	// Unicode is the U-label form of Name. It is empty if it equals Name or
	// does not convert back to Name.
	Unicode string

	// Keyword is the keyword, or the whole domain, as the user wrote it.
	Keyword string

	// Prefix and Suffix are what was glued to Keyword. Both are empty for
	// the bare keyword.
	Prefix, Suffix string

	// Generator names what made Keyword, and is empty for a keyword that
	// the user wrote: see [Origin].
	Generator string

	// TLD is the effective TLD in its A-label form: "dev", "co.uk". It is
	// empty if an invalid candidate has no TLD.
	TLD string

	// Err says why Name cannot be registered. It is nil for a candidate
	// that can be probed.
	Err *Error
}

// A Key identifies a candidate: a name and its TLD. The TLD is part of the key
// since foo.bar.com can be registered under bar.com but is invalid under com.
type Key struct{ Name, TLD string }

// Key returns the key of the candidate.
func (c *Candidate) Key() Key { return Key{c.Name, c.TLD} }

// A Reason is one word of a closed list that explains a verdict. Package probe
// defines the reasons that need a query.
type Reason string

// The reasons of an invalid name that need no query.
const (
	BadLabel       Reason = "bad-label"       // empty label, bad character, hyphen at an end (RFC 1123 section 2.1)
	BadIDN         Reason = "bad-idn"         // not convertible by UTS 46, or a violation of the bidi rule (RFC 5893)
	TooLong        Reason = "too-long"        // label over 63 octets or name over 253 (RFC 1035 section 2.3.4)
	NotRegistrable Reason = "not-registrable" // below a registrable name: foo.bar.com
	PublicSuffix   Reason = "public-suffix"   // a public suffix: co.uk
	SpecialUse     Reason = "special-use"     // reserved by RFC 6761: test, local, onion
)

// An Error says why a candidate cannot be registered.
type Error struct {
	Reason Reason
	Detail string // one line for the user: "foo.bar.com lies below bar.com"
}

func (e *Error) Error() string { return e.Detail }
