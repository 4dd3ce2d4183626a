package transport

import "github.com/miekg/dns"

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
