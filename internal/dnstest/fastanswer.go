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
	h := uint32(2166136261) // FNV-1a
	for _, c := range []byte(label) {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		h = (h ^ uint32(c)) * 16777619
	}
	return len(label) < 20 && int(h%100) < share ||
		slices.ContainsFunc(everywhere, func(name string) bool { return strings.EqualFold(name, label) })
}

var everywhere = []string{"nic", "google", "iana", "wikipedia", "go", "web"}

const (
	maxFastQuery  = 512
	maxFastAnswer = maxFastQuery + 128 // the query and the records of its response
)

// chance is true so many times in a hundred.
func chance(percent int) bool { return percent > 0 && rand.IntN(100) < percent }

// answer overwrites the query in b, which must have room for maxFastAnswer
// octets, with its response, and returns that or nil.
func (f Fast) answer(b []byte, tcp bool) []byte {
	r, ok := parseFast(b)
	if !ok {
		return nil
	}
	switch {
	case chance(f.ServFail):
		r.rcode = dns.RcodeServerFailure
	case !tcp && chance(f.Truncate):
		r.tc = 1
	case r.labels == 1:
		r.apex()
	case r.labels >= 2:
		r.name(f.Share)
	}
	return r.finish()
}

// A fastResponse is a response that is being packed: the header and question of
// the query, and the records after them.
type fastResponse struct {
	b           []byte
	labels      int // of the name
	second, tld int // offsets of the last two
	qtype       uint16
	rd, opt     bool
	aa, tc      byte
	rcode       byte
	an, ns      byte // records of the answer and the authority section
}

// parseFast reads the question of a query, and reports whether there is one.
func parseFast(b []byte) (r fastResponse, ok bool) {
	if len(b) < 12 || len(b) > maxFastQuery || b[2]&0x80 != 0 {
		return r, false
	}
	i := 12
	for i < len(b) && b[i] != 0 {
		if b[i]&0xc0 != 0 || i+int(b[i])+1 >= len(b) {
			return r, false
		}
		r.labels++
		r.second, r.tld = r.tld, i
		i += int(b[i]) + 1
	}
	end := i + 5
	if end > len(b) {
		return r, false
	}
	r.b = b[:end]
	r.qtype = binary.BigEndian.Uint16(b[i+1:])
	r.rd, r.opt = b[2]&1 != 0, b[11] != 0
	return r, true
}

// apex responds about a TLD itself.
func (r *fastResponse) apex() {
	r.authoritative()
	switch r.qtype {
	case dns.TypeNS:
		r.nameServer(&r.an, r.tld, "a")
	case dns.TypeSOA:
		r.soa(&r.an)
	default:
		r.soa(&r.ns)
	}
}

// name responds about a name under a TLD.
func (r *fastResponse) name(share int) {
	label := r.b[r.second+1 : r.second+1+int(r.b[r.second])]
	direct := r.labels == 2
	switch {
	case direct && r.qtype == dns.TypeA && len(label) == 1 && label[0]|0x20 == 'a':
		r.authoritative()
		r.address(172800, 127, 0, 0, 1) // of the server of the TLD itself
	case !Registered(string(label), share):
		r.authoritative()
		r.rcode = dns.RcodeNameError
		r.soa(&r.ns)
	case !r.rd:
		r.nameServer(&r.ns, r.second, "ns1")
	case r.qtype == dns.TypeA:
		r.address(300, 192, 0, 2, 1)
	case r.qtype == dns.TypeNS && direct:
		r.nameServer(&r.an, r.second, "ns1")
	default:
		r.soa(&r.ns)
	}
}

// authoritative sets AA, unless a resolver is played.
func (r *fastResponse) authoritative() {
	if !r.rd {
		r.aa = 1
	}
}

// record appends a record of a section up to its data, of the given length.
func (r *fastResponse) record(section *byte, owner int, rrtype uint16, ttl uint32, length uint16) {
	*section++
	r.pointer(owner)
	r.b = binary.BigEndian.AppendUint16(r.b, rrtype)
	r.b = binary.BigEndian.AppendUint16(r.b, dns.ClassINET)
	r.b = binary.BigEndian.AppendUint32(r.b, ttl)
	r.b = binary.BigEndian.AppendUint16(r.b, length)
}

// pointer appends a name that is found at an offset (RFC 1035 section 4.1.4).
func (r *fastResponse) pointer(to int) {
	r.b = binary.BigEndian.AppendUint16(r.b, 0xc000|uint16(to))
}

// host appends the name of a host directly under the name at an offset.
func (r *fastResponse) host(label string, under int) {
	r.b = append(r.b, byte(len(label)))
	r.b = append(r.b, label...)
	r.pointer(under)
}

func (r *fastResponse) address(ttl uint32, ip ...byte) {
	r.record(&r.an, 12, dns.TypeA, ttl, 4)
	r.b = append(r.b, ip...)
}

func (r *fastResponse) nameServer(section *byte, owner int, label string) {
	r.record(section, owner, dns.TypeNS, 172800, uint16(1+len(label)+2))
	r.host(label, owner)
}

// soa appends the SOA record of the TLD.
func (r *fastResponse) soa(section *byte) {
	r.record(section, r.tld, dns.TypeSOA, dnsserver.NegativeTTL, 4+4+5*4)
	r.host("a", r.tld)
	r.host("h", r.tld)
	for _, v := range []uint32{1, 3600, 900, 604800, dnsserver.NegativeTTL} {
		r.b = binary.BigEndian.AppendUint32(r.b, v)
	}
}

// finish appends the OPT record and fills in the header.
func (r *fastResponse) finish() []byte {
	var ar, ra byte
	if r.opt {
		const size = 1232
		r.b = append(r.b, 0, 0, byte(dns.TypeOPT), size>>8, size&0xff, 0, 0, 0, 0, 0, 0)
		ar = 1
	}
	if r.rd {
		ra = 0x80
	}
	h := r.b[:12]
	h[2] = 0x80 | h[2]&0x79 | r.aa<<2 | r.tc<<1
	h[3] = ra | r.rcode
	copy(h[4:], []byte{0, 1, 0, r.an, 0, r.ns, 0, ar})
	return r.b
}
