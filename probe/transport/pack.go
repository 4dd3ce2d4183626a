package transport

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// maxUDP is the EDNS buffer that is announced: the default of the DNS Flag Day
// 2020, which crosses every usual path in one piece (RFC 9715 section 3).
const maxUDP = 1232

const cookieOption = 10 // RFC 7873 section 4

// wireLen is the length of a name in wire form.
func wireLen[T string | []byte](name T) int {
	if len(name) == 0 {
		return 1
	}
	return len(name) + 2
}

// padBlock is what encrypted queries are padded to a multiple of (RFC 8467
// section 4.1).
const padBlock = 128

// appendQuery packs a query. mix spells its letters (see read), and cookie is the
// content of a COOKIE option, which is left out when empty. If block is positive, the
// query is padded to a multiple of it.
func appendQuery(b []byte, q *Query, id uint16, mix uint64, cookie []byte, block int) []byte {
	start := len(b)
	var high, low, additional byte
	if q.Flags&RD != 0 {
		high = 1
	}
	if q.Flags&CD != 0 {
		low = 1 << 4
	}
	if q.Flags&EDNS != 0 {
		additional = 1
	}
	b = append(b, byte(id>>8), byte(id), high, low, 0, 1, 0, 0, 0, 0, 0, additional)
	b = appendName(b, q.Name, mix)
	b = append(b, byte(q.Type>>8), byte(q.Type), 0, dns.ClassINET)
	if additional == 0 {
		return b
	}
	if q.Flags&Cookie == 0 {
		cookie = nil
	}
	return appendOPT(b, q.Flags&DO != 0, cookie, start, block)
}

// appendName packs a name. Each dot gives way to the length of the label that
// follows it.
func appendName(b []byte, name string, mix uint64) []byte {
	if name == "" {
		return append(b, 0)
	}
	start := len(b)
	b = append(append(b, '.'), name...)
	packed, length := b[start:], 0
	for i := 1; i < len(packed); i++ {
		if c := packed[i]; c == '.' {
			packed[length] = byte(i - length - 1)
			length = i
		} else {
			packed[i] = mixed(c, i-1, mix)
		}
	}
	packed[length] = byte(len(packed) - length - 1)
	return append(b, 0)
}

// appendOPT packs the OPT record that ends the query which begins at start.
func appendOPT(b []byte, do bool, cookie []byte, start, block int) []byte {
	var doBit byte
	if do {
		doBit = 0x80
	}
	b = append(b, 0, 0, byte(dns.TypeOPT), maxUDP>>8, maxUDP&0xff, 0, 0, doBit, 0)
	length := len(b)
	b = append(b, 0, 0)
	if len(cookie) > 0 {
		b = append(b, 0, cookieOption, 0, byte(len(cookie)))
		b = append(b, cookie...)
	}
	if block > 0 {
		pad := (block - (len(b)+4-start)%block) % block
		b = append(b, 0, byte(dns.EDNS0PADDING), byte(pad>>8), byte(pad))
		b = append(b, make([]byte, pad)...)
	}
	putLen(b, length)
	return b
}

// putLen sets the two octets at off to the number of those that follow them.
func putLen(b []byte, off int) { binary.BigEndian.PutUint16(b[off:], uint16(len(b)-off-2)) }
