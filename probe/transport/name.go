package transport

import (
	"bytes"
	"strings"
)

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
