package transport

import (
	"bytes"

	"github.com/miekg/dns"
)

// A Reply is what the verdict rules need of a response that passed the checks.
type Reply struct {
	Rcode  uint16 // with the extended bits of OPT (RFC 6891 section 6.1.3)
	Bits   Bits
	Answer Answer
	SOA    Depth  // owner of the SOA in the authority section
	NS     Depth  // owner of the NS records in the authority section
	TTL    uint32 // of the SOA, at most its MINIMUM (RFC 2308 section 5), in seconds
	EDE    uint32 // extended errors (RFC 8914): bit n is set for code n < 32
}

// Bits are yes-or-no properties of a response.
type Bits uint8

const (
	AA        Bits = 1 << iota // authoritative answer
	RA                         // recursion available
	FakeSOA                    // the SOA is one that a filter is known to make up
	NXName                     // the NSEC bitmap says that the name does not exist (RFC 9824)
	Delegates                  // an NSEC or NSEC3 bitmap at the name lists NS and no SOA
	HasOPT                     // the response has an OPT record
	HasCookie                  // the response has a server cookie
)

// Answer says what the answer section holds.
type Answer uint8

const (
	AnswerDS      Answer = 1 << iota // DS at the name
	AnswerNS                         // NS at the name
	AnswerSOA                        // SOA at the name
	AnswerAddress                    // A or AAAA anywhere
	AnswerAlias                      // CNAME or DNAME anywhere
	AnswerOther                      // anything else but RRSIG
)

// A Depth is an owner name seen from the question: how many labels it has, if
// it is the question's name or above it. Zero is the root.
type Depth int8

const (
	Absent    Depth = -1 // there is no such record
	Elsewhere Depth = -2 // neither above nor below the name, or several owners
	Below     Depth = -3 // below the name
)

func (d *Depth) merge(owner Depth) {
	if *d == Absent {
		*d = owner
	} else if *d != owner {
		*d = Elsewhere
	}
}

// A Rule is a check that a message must pass to be a response (RFC 5452
// section 9.1).
type Rule uint8

const (
	Passed      Rule = iota
	ShortHeader      // fewer than 12 octets
	NotResponse      // QR=0
	WrongOpcode      // not QUERY
	WrongID          // not the ID of a query under way
	NoQuestion       // QDCOUNT is not 1
	WrongName        // the question's name is another
	WrongCase        // the name is not spelt as it was sent
	WrongType        // the question's type or class is another
	CutShort         // fewer records than the header counts, or cut by the buffer
	Malformed        // a record cannot be read
	WrongCookie      // the client cookie is another, or the cookie has no valid length
)

var ruleTexts = [...]string{
	Passed:      "accepted",
	ShortHeader: "shorter than a header",
	NotResponse: "not a response (QR=0)",
	WrongOpcode: "not a QUERY",
	WrongID:     "no query with this ID is under way",
	NoQuestion:  "does not repeat one question",
	WrongName:   "repeats another name",
	WrongCase:   "does not repeat the name's case",
	WrongType:   "repeats another type or class",
	CutShort:    "holds fewer records than it counts",
	Malformed:   "holds a record that cannot be read",
	WrongCookie: "carries another client cookie, or one of no valid length",
}

func (r Rule) String() string { return ruleTexts[r] }

// ruleError is the error of an outcome for which only messages came that
// failed a check.
type ruleError Rule

// ErrWrongCase is the error of an outcome for which a response came that
// repeated the question, but not the case of its letters.
var ErrWrongCase error = ruleError(WrongCase)

func (e ruleError) Error() string { return "the only response " + Rule(e).String() }

const (
	headerLen = 12
	flagQR    = 1 << 15
	flagTC    = 1 << 9
	maskOp    = 0xf << 11
)

// read checks a message against the query that it claims to answer, sent
// under an ID and with the case that mix stands for ([Query] with
// [MixCase]; zero otherwise), and reads it, into m as well if m is not nil. The
// reply is worth something only if the rule is [Passed] and the response is not cut:
// cut is [None], [Truncated] or [Slipped].
func read(m *dns.Msg, packet []byte, q *Query, id uint16, mix uint64) (r Reply, cut Failure, rule Rule) {
	end, rule := checkHead(packet, q, id, mix)
	if rule != Passed {
		return r, None, rule
	}
	if be16(packet, 2)&flagTC != 0 {
		if be16(packet, 6) == 0 && be16(packet, 8) == 0 {
			return r, Slipped, Passed
		}
		return r, Truncated, Passed
	}
	if m == nil && q.Flags&DO == 0 {
		if r, ok := readFast(packet, end); ok {
			return r, None, Passed
		}
	}
	if m == nil {
		m = new(dns.Msg)
	}
	r, rule = readSlow(m, packet, q)
	return r, None, rule
}

// checkHead checks the header and the question, and returns where the
// question ends.
func checkHead(packet []byte, q *Query, id uint16, mix uint64) (end int, rule Rule) {
	if len(packet) < headerLen {
		return 0, ShortHeader
	}
	flags := be16(packet, 2)
	switch {
	case flags&flagQR == 0:
		return 0, NotResponse
	case flags&maskOp != 0:
		return 0, WrongOpcode
	case be16(packet, 0) != id:
		return 0, WrongID
	case be16(packet, 4) != 1:
		return 0, NoQuestion
	}
	end = headerLen + wireLen(q.Name)
	if len(packet) < end+4 {
		return 0, WrongName
	}
	if rule := checkName(packet[headerLen:end], q, mix); rule != Passed {
		return 0, rule
	}
	if be16(packet, end) != q.Type || be16(packet, end+2) != dns.ClassINET {
		return 0, WrongType
	}
	return end + 4, Passed
}

// checkName compares a name in wire form with the query's, of the same length.
func checkName(wire []byte, q *Query, mix uint64) Rule {
	var buf [256]byte
	sent := appendName(buf[:0], q.Name, mix)
	switch {
	case bytes.Equal(wire, sent):
		return Passed
	case !bytes.EqualFold(wire, sent):
		return WrongName
	case q.Flags&MixCase != 0:
		return WrongCase
	}
	return Passed
}

// mixed is the letter at place i of a name, spelt as mix says (the 0x20 bit of
// draft-vixie-dnsext-dns0x20).
func mixed(c byte, i int, mix uint64) byte {
	if 'a' <= c && c <= 'z' {
		return c ^ byte(mix>>(i%64)&1)<<5 // a branch on a random bit would be guessed wrongly
	}
	return c
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func be16(b []byte, i int) uint16 { return uint16(b[i])<<8 | uint16(b[i+1]) }

func be32(b []byte, i int) uint32 { return uint32(be16(b, i))<<16 | uint32(be16(b, i+2)) }
