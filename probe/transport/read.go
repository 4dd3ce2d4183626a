package transport

import (
	"bytes"
	"strings"

	"github.com/miekg/dns"
)

// readFast reads a response with an empty answer section, and in the others
// only SOA, NS, addresses and OPT, without allocating: a denial, a referral or
// a response without data. It reports false for anything else, and for
// anything that is not perfectly regular. off is where the question ends.
func readFast(packet []byte, off int) (r Reply, ok bool) {
	if be16(packet, 6) != 0 {
		return r, false
	}
	flags := be16(packet, 2)
	r = Reply{Rcode: flags & 0xf, SOA: Absent, NS: Absent}
	if flags&(1<<10) != 0 {
		r.Bits |= AA
	}
	if flags&(1<<7) != 0 {
		r.Bits |= RA
	}
	authority, additional := int(be16(packet, 8)), int(be16(packet, 10))
	for i := range authority + additional {
		var rec record
		if rec, off, ok = nextRecord(packet, off); !ok {
			return r, false
		}
		if i < authority {
			ok = r.readAuthority(packet, rec)
		} else {
			ok = r.readAdditional(packet, rec)
		}
		if !ok {
			return r, false
		}
	}
	return r, true
}

// A record is where the parts of a resource record lie in a packet.
type record struct {
	owner     int
	typ       uint16
	class     uint16
	ttl       uint32
	data, end int
}

func nextRecord(packet []byte, off int) (rec record, next int, ok bool) {
	rec.owner = off
	off, ok = skipName(packet, off)
	if !ok || off+10 > len(packet) {
		return rec, 0, false
	}
	rec.typ, rec.class, rec.ttl = be16(packet, off), be16(packet, off+2), be32(packet, off+4)
	rec.data = off + 10
	rec.end = rec.data + int(be16(packet, off+8))
	return rec, rec.end, rec.end <= len(packet)
}

func (r *Reply) readAuthority(packet []byte, rec record) bool {
	if rec.class != dns.ClassINET {
		return false
	}
	owner, ok := ownerDepth(packet, rec.owner)
	if !ok {
		return false
	}
	switch rec.typ {
	case dns.TypeNS:
		r.NS.merge(owner)
		end, ok := skipName(packet[:rec.end], rec.data)
		return ok && end == rec.end
	case dns.TypeSOA:
		r.SOA.merge(owner)
		return r.readSOA(packet, rec)
	}
	return false
}

// fakeMName begins the MNAME of an SOA record that AdGuard makes up so that
// clients cache its refusals.
const fakeMName = "fake-for-negative-caching"

func (r *Reply) readSOA(packet []byte, rec record) bool {
	off, ok := skipName(packet[:rec.end], rec.data)
	if !ok {
		return false
	}
	if off, ok = skipName(packet[:rec.end], off); !ok || off+20 != rec.end {
		return false
	}
	if beginsWith(packet, rec.data, fakeMName) {
		r.Bits |= FakeSOA
	}
	r.TTL = min(rec.ttl, be32(packet, rec.end-4))
	return true
}

func (r *Reply) readAdditional(packet []byte, rec record) bool {
	switch rec.typ {
	case dns.TypeA:
		return rec.class == dns.ClassINET && rec.end-rec.data == 4
	case dns.TypeAAAA:
		return rec.class == dns.ClassINET && rec.end-rec.data == 16
	case dns.TypeOPT:
		return packet[rec.owner] == 0 && r.Bits&HasOPT == 0 && r.readOPT(packet, rec)
	}
	return false
}

func (r *Reply) readOPT(packet []byte, rec record) bool {
	r.Bits |= HasOPT
	r.Rcode |= uint16(rec.ttl>>24) << 4
	for off := rec.data; off < rec.end; {
		code, data, next, ok := nextOption(packet, off, rec.end)
		if !ok {
			return false
		}
		switch n := next - data; code {
		case dns.EDNS0EDE:
			if n < 2 {
				return false
			}
			r.addEDE(be16(packet, data))
		case cookieOption:
			if n < clientCookieLen || n > maxCookieLen {
				return false
			}
			if n >= minCookieLen {
				r.Bits |= HasCookie
			}
		case dns.EDNS0PADDING:
		default:
			return false
		}
		off = next
	}
	return true
}

// nextOption finds the parts of the option at off, of an OPT record that ends at end.
func nextOption(packet []byte, off, end int) (code uint16, data, next int, ok bool) {
	if off+4 > end {
		return 0, 0, 0, false
	}
	data = off + 4
	next = data + int(be16(packet, off+2))
	return be16(packet, off), data, next, next <= end
}

func (r *Reply) addEDE(code uint16) {
	if code < 32 {
		r.EDE |= 1 << code
	}
}

// maxPointers bounds how often one name may be continued elsewhere.
const maxPointers = 8

// skipName returns where the name at off ends, which has to be one: of at most
// 255 octets when its pointers are followed, which may only lead back (RFC 1035
// section 4.1.4).
func skipName(packet []byte, off int) (end int, ok bool) {
	octets, limit, pointers := 1, off, 0
	for off < len(packet) {
		switch c := packet[off]; {
		case c == 0:
			if pointers == 0 {
				end = off + 1
			}
			return end, true
		case c < 64:
			if octets += 1 + int(c); octets > 255 {
				return 0, false
			}
			off += 1 + int(c)
		case c >= 0xc0 && off+2 <= len(packet) && pointers < maxPointers:
			if pointers == 0 {
				end = off + 2
			}
			pointers++
			if off = int(be16(packet, off) & 0x3fff); off >= limit || off < headerLen {
				return 0, false
			}
			limit = off
		default:
			return 0, false
		}
	}
	return 0, false
}

// beginsWith reports whether the name at off, which has been skipped, has the
// label for its first one.
func beginsWith(packet []byte, off int, label string) bool {
	for packet[off] >= 0xc0 {
		off = int(be16(packet, off) & 0x3fff)
	}
	n := int(packet[off])
	return n == len(label) && strings.EqualFold(string(packet[off+1:off+1+n]), label)
}

// appendText appends the name at off to b, which has room for the longest, in lower
// case and without a final dot. It reports false for what is no name, and for one
// with a dot within a label.
func appendText(b, packet []byte, off int) (name []byte, ok bool) {
	for limit := off; off < len(packet); {
		switch n := int(packet[off]); {
		case n == 0:
			return b, true
		case n < 64 && off+1+n <= len(packet) && len(b)+1+n <= cap(b):
			if len(b) > 0 {
				b = append(b, '.')
			}
			for _, c := range packet[off+1 : off+1+n] {
				if c == '.' {
					return nil, false
				}
				b = append(b, lower(c))
			}
			off += 1 + n
		case n >= 0xc0 && off+2 <= len(packet):
			if off = int(be16(packet, off) & 0x3fff); off >= limit || off < headerLen {
				return nil, false
			}
			limit = off
		default:
			return nil, false
		}
	}
	return nil, false
}

// ownerDepth sees the name at off from the question of the packet.
func ownerDepth(packet []byte, off int) (Depth, bool) {
	if off+2 <= len(packet) && packet[off] >= 0xc0 {
		if d := questionDepth(packet, int(be16(packet, off)&0x3fff)); d >= 0 {
			return d, true
		}
	}
	return compareOwner(packet, off)
}

// questionDepth is the depth of a pointer to a label of the question, which is
// how owners usually are compressed, and negative for any other.
func questionDepth(packet []byte, to int) Depth {
	depth := Absent
	for off := headerLen; off < len(packet); off += 1 + int(packet[off]) {
		if off == to {
			depth = 0
		}
		if packet[off] == 0 {
			return depth
		}
		if depth >= 0 {
			depth++
		}
	}
	return Absent
}

// compareOwner compares a name with the question's.
func compareOwner(packet []byte, off int) (Depth, bool) {
	var bufs [2][255]byte
	question, ok := appendText(bufs[0][:0], packet, headerLen)
	if !ok {
		return Absent, false
	}
	owner, ok := appendText(bufs[1][:0], packet, off)
	switch {
	case !ok:
		return Absent, false
	case len(owner) == 0:
		return 0, true
	case within(question, owner):
		return Depth(1 + bytes.Count(owner, []byte("."))), true
	case within(owner, question):
		return Below, true
	}
	return Elsewhere, true
}

// within reports whether a name is another or below it.
func within(name, zone []byte) bool {
	above := len(name) - len(zone)
	return bytes.HasSuffix(name, zone) && (len(zone) == 0 || above == 0 || name[above-1] == '.')
}
