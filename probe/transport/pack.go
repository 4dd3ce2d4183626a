package transport

import "github.com/miekg/dns"

// maxUDP is the EDNS buffer that is announced: the default of the DNS Flag Day
// 2020, which crosses every usual path in one piece (RFC 9715 section 3).
const maxUDP = 1232

const cookieOption = 10 // RFC 7873 section 4

// wireLen is the length of a name in wire form.
func wireLen(name string) int {
	if name == "" {
		return 1
	}
	return len(name) + 2
}

// appendQuery packs a query. mix spells its letters (see read); cookie
// is the content of a COOKIE option and pad the length of a PADDING option, both
// left out when empty or negative.
func appendQuery(b []byte, q *Query, id uint16, mix uint64, cookie []byte, pad int) []byte {
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
	return appendOPT(b, q.Flags&DO != 0, cookie, pad)
}

// appendName packs a name. Each dot gives way to the length of the label that
// follows it.
func appendName(b []byte, name string, mix uint64) []byte {
	if name == "" {
		return append(b, 0)
	}
	length := len(b)
	b = append(b, 0)
	for i := 0; i < len(name); i++ {
		if name[i] == '.' {
			b[length] = byte(len(b) - length - 1)
			length = len(b)
			b = append(b, 0)
			continue
		}
		b = append(b, mixed(name[i], i, mix))
	}
	b[length] = byte(len(b) - length - 1)
	return append(b, 0)
}

func appendOPT(b []byte, do bool, cookie []byte, pad int) []byte {
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
	if pad >= 0 {
		b = append(b, 0, byte(dns.EDNS0PADDING), byte(pad>>8), byte(pad))
		b = append(b, make([]byte, pad)...)
	}
	n := len(b) - length - 2
	b[length], b[length+1] = byte(n>>8), byte(n)
	return b
}
