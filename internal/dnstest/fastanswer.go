package dnstest

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"domprobe/internal/dnsserver"
)

// Registered is the truth of [Fast] about a label directly under a TLD: of
// every hundred labels, share are registered, and none of 20 octets or more.
// Always registered are nic, google, iana, wikipedia, go and web, some of which
// exist under most TLDs of the world.
func Registered(label string, share int) bool {
	return registered([]byte(label), share)
}

func registered(label []byte, share int) bool {
	h := uint32(2166136261) // FNV-1a
	for _, c := range label {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		h = (h ^ uint32(c)) * 16777619
	}
	return len(label) < 20 && int(h%100) < share || everywhere(label)
}

// everywhere reports whether a label is registered under every TLD.
func everywhere(label []byte) bool {
	return slices.ContainsFunc([]string{"nic", "google", "iana", "wikipedia", "go", "web"}, func(name string) bool {
		return len(name) == len(label) && strings.EqualFold(name, string(label))
	})
}

const (
	maxFastQuery  = 512
	maxFastAnswer = maxFastQuery + 128 // the question and what it is answered with
)

// A fastQuestion is the question of a message, by offsets into it.
type fastQuestion struct {
	labels [16]int // where each begins
	n      int     // how many there are
	end    int     // of the question
	qtype  uint16
	rd     bool
	opt    bool
}

// parseFast reads the question of a message, and reports whether there is one.
func parseFast(b []byte) (q fastQuestion, ok bool) {
	if len(b) < 12 || len(b) > maxFastQuery || b[2]&0x80 != 0 {
		return q, false
	}
	i := 12
	for i < len(b) && b[i] != 0 {
		if b[i]&0xc0 != 0 || q.n == len(q.labels) || i+int(b[i])+1 >= len(b) {
			return q, false
		}
		q.labels[q.n] = i
		q.n++
		i += int(b[i]) + 1
	}
	q.end = i + 5
	if q.end > len(b) {
		return q, false
	}
	q.qtype = binary.BigEndian.Uint16(b[i+1:])
	q.rd, q.opt = b[2]&1 != 0, b[11] != 0
	return q, true
}

// A fastMaker turns questions into answers. It is used by one goroutine.
type fastMaker struct {
	Fast
	rng *rand.Rand
}

func (m *fastMaker) chance(percent int) bool { return percent > 0 && m.rng.IntN(100) < percent }

// answer overwrites the question in b, which must have room for
// maxFastAnswer octets, with its answer, and returns that or nil.
func (m *fastMaker) answer(b []byte, tcp bool) []byte {
	q, ok := parseFast(b)
	if !ok {
		return nil
	}
	a := fastAnswer{b: b[:q.end], q: q}
	switch {
	case m.chance(m.ServFail):
		a.rcode = dns.RcodeServerFailure
	case !tcp && m.chance(m.Truncate):
		a.tc = true
	case q.n == 1:
		a.apex()
	case q.n >= 2:
		a.name(m.Share)
	}
	return a.finish()
}

// A fastAnswer is an answer that is being packed.
type fastAnswer struct {
	b      []byte
	q      fastQuestion
	aa, tc bool
	rcode  byte
	an, ns byte // records of the answer and the authority section
}

// apex answers for a TLD itself.
func (a *fastAnswer) apex() {
	tld := a.q.labels[0]
	a.aa = !a.q.rd
	switch a.q.qtype {
	case dns.TypeNS:
		a.record(tld, dns.TypeNS, 172800, 4)
		a.b = append(a.b, 1, 'a')
		a.pointer(tld)
		a.an++
	case dns.TypeSOA:
		a.soa(tld)
		a.an++
	default:
		a.soa(tld)
		a.ns++
	}
}

// name answers for a name under a TLD.
func (a *fastAnswer) name(share int) {
	second, tld := a.q.labels[a.q.n-2], a.q.labels[a.q.n-1]
	label := a.b[second+1 : second+1+int(a.b[second])]
	direct := a.q.n == 2
	switch {
	case direct && a.q.qtype == dns.TypeA && len(label) == 1 && label[0]|0x20 == 'a':
		// The server of the TLD itself.
		a.record(second, dns.TypeA, 172800, 4)
		a.b = append(a.b, 127, 0, 0, 1)
		a.an++
		a.aa = !a.q.rd
	case !registered(label, share):
		a.rcode = dns.RcodeNameError
		a.aa = !a.q.rd
		a.soa(tld)
		a.ns++
	case !a.q.rd:
		a.delegation(second)
		a.ns++
	case a.q.qtype == dns.TypeA:
		a.record(12, dns.TypeA, 300, 4)
		a.b = append(a.b, 192, 0, 2, 1)
		a.an++
	case a.q.qtype == dns.TypeNS && direct:
		a.delegation(second)
		a.an++
	default:
		a.soa(tld)
		a.ns++
	}
}

// record appends a record up to its data, of the given length.
func (a *fastAnswer) record(owner int, rrtype uint16, ttl uint32, length uint16) {
	a.pointer(owner)
	a.b = binary.BigEndian.AppendUint16(a.b, rrtype)
	a.b = binary.BigEndian.AppendUint16(a.b, dns.ClassINET)
	a.b = binary.BigEndian.AppendUint32(a.b, ttl)
	a.b = binary.BigEndian.AppendUint16(a.b, length)
}

// pointer appends a name that is found at an offset (RFC 1035 section 4.1.4).
func (a *fastAnswer) pointer(to int) {
	a.b = binary.BigEndian.AppendUint16(a.b, 0xc000|uint16(to))
}

// delegation appends the NS record of a registered name.
func (a *fastAnswer) delegation(owner int) {
	a.record(owner, dns.TypeNS, 172800, 6)
	a.b = append(a.b, 3, 'n', 's', '1')
	a.pointer(owner)
}

// soa appends the SOA record of a TLD.
func (a *fastAnswer) soa(tld int) {
	a.record(tld, dns.TypeSOA, dnsserver.NegativeTTL, 4+4+5*4)
	for _, host := range []byte{'a', 'h'} {
		a.b = append(a.b, 1, host)
		a.pointer(tld)
	}
	for _, v := range []uint32{1, 3600, 900, 604800, dnsserver.NegativeTTL} {
		a.b = binary.BigEndian.AppendUint32(a.b, v)
	}
}

// finish appends the OPT record and fills in the header.
func (a *fastAnswer) finish() []byte {
	var ar byte
	if a.q.opt {
		const size = 1232
		a.b = append(a.b, 0, 0, byte(dns.TypeOPT), size>>8, size&0xff, 0, 0, 0, 0, 0, 0)
		ar = 1
	}
	h := a.b[:12]
	h[2] = 0x80 | h[2]&0x79 | bit(a.aa)<<2 | bit(a.tc)<<1
	h[3] = bit(a.q.rd)<<7 | a.rcode
	copy(h[4:], []byte{0, 1, 0, a.an, 0, a.ns, 0, ar})
	return a.b
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
