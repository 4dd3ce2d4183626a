package zone

import (
	"errors"
	"io"
)

// Names are stored in order, in blocks of so many. A block begins with the length
// of its first name and the name as it is. Each other name follows as one octet
// with two numbers of four bits, how many octets it shares with the name before
// and how many octets the rest takes, and the rest in the code of its characters.
// A number too large for four bits is in an octet of its own. The numbers let a
// look-up pass a name without reading its characters.
const blockNames = 64

// The code of a character has 5 bits for a letter or hyphen, 9 for a digit and 13
// for any other octet. The octets of a rest are filled up with ones.
const (
	codeHyphen = 26
	codeDigit  = 27 // and 4 bits
	codeOctet  = 28 // and 8 bits
)

// The values of the four bits that say that an octet follows.
const (
	longShare = 15
	longRest  = 0
)

// appendName appends a name that shares some octets with the one before.
func appendName(b, name []byte, shared int) []byte {
	at := len(b)
	b = append(b, 0)
	head := byte(longShare << 4)
	if shared < longShare {
		head = byte(shared << 4)
	} else {
		b = append(b, byte(shared))
	}
	size := (codeBits(name[shared:]) + 7) / 8
	if size < 16 {
		head |= byte(size)
	} else {
		b = append(b, byte(size))
	}
	b[at] = head
	return appendCode(b, name[shared:])
}

func codeOf(c byte) (code uint32, bits int) {
	switch {
	case 'a' <= c && c <= 'z':
		return uint32(c - 'a'), 5
	case c == '-':
		return codeHyphen, 5
	case '0' <= c && c <= '9':
		return codeDigit<<4 | uint32(c-'0'), 9
	}
	return codeOctet<<8 | uint32(c), 13
}

func codeBits(rest []byte) (n int) {
	for _, c := range rest {
		_, bits := codeOf(c)
		n += bits
	}
	return n
}

func appendCode(b, rest []byte) []byte {
	var acc uint32
	var have int
	for _, c := range rest {
		code, bits := codeOf(c)
		acc, have = acc<<bits|code, have+bits
		for have >= 8 {
			have -= 8
			b = append(b, byte(acc>>have))
		}
	}
	if have > 0 {
		b = append(b, byte(acc<<(8-have))|0xff>>have)
	}
	return b
}

// character returns the character at a bit of a rest, and the bits of its code. At
// the end these are zero.
func character(rest []byte, at int) (c byte, bits int) {
	i := at >> 3
	if i >= len(rest) {
		return 0, 0
	}
	w := uint32(rest[i])<<16 | 0xffff
	if i+1 < len(rest) {
		w = w&0xff0000 | uint32(rest[i+1])<<8 | 0xff
	}
	if i+2 < len(rest) {
		w = w&0xffff00 | uint32(rest[i+2])
	}
	w <<= 8 + at&7
	switch code := w >> 27; {
	case code < codeHyphen:
		return 'a' + byte(code), 5
	case code == codeHyphen:
		return '-', 5
	case code == codeDigit:
		return '0' + byte(w>>23&15), 9
	case code == codeOctet:
		return byte(w >> 19), 13
	}
	return 0, 0
}

// cutName returns what is stored of the name at the front of b, and what follows.
func cutName(b []byte) (shared int, rest, after []byte, ok bool) {
	shared, size := int(b[0]>>4), int(b[0]&15)
	b = b[1:]
	if shared == longShare {
		if len(b) == 0 {
			return 0, nil, nil, false
		}
		shared, b = int(b[0]), b[1:]
	}
	if size == longRest {
		if len(b) == 0 {
			return 0, nil, nil, false
		}
		size, b = int(b[0]), b[1:]
	}
	if size > len(b) {
		return 0, nil, nil, false
	}
	return shared, b[:size], b[size:], true
}

// cutHead returns the first name of a block, and what follows.
func cutHead(block []byte) (name, after []byte, ok bool) {
	if len(block) == 0 || int(block[0]) >= len(block) {
		return nil, nil, false
	}
	n := 1 + int(block[0])
	return block[1:n], block[n:], true
}

// search reports whether a block holds a name.
func search(block []byte, name string) bool {
	head, b, ok := cutHead(block)
	if !ok {
		return false
	}
	// same is how many octets the name shares with the last one that was
	// passed, which comes before it.
	same := sharedWith(head, name)
	if same == len(head) && same == len(name) {
		return true
	}
	for len(b) > 0 {
		// Most names are passed for what they share, in a few instructions.
		if n := int(b[0]&15) + 1; int(b[0]>>4) > same && b[0] < longShare<<4 && n > longRest+1 && n <= len(b) {
			b = b[n:]
			continue
		}
		var shared int
		var rest []byte
		if shared, rest, b, ok = cutName(b); !ok || shared < same {
			return false
		}
		if shared > same {
			continue
		}
		for at := 0; ; {
			c, bits := character(rest, at)
			if bits == 0 {
				if same == len(name) {
					return true
				}
				break
			}
			if same == len(name) || c > name[same] {
				return false
			}
			if c < name[same] {
				break
			}
			same++
			at += bits
		}
	}
	return false
}

// sharedWith returns how many octets two names have in common at the front.
func sharedWith[T string | []byte](b []byte, name T) (n int) {
	for n < len(b) && n < len(name) && b[n] == name[n] {
		n++
	}
	return n
}

// A cursor gives out the names of a block after another.
type cursor struct {
	blocks func() ([]byte, error) // returns the next one, and io.EOF after the last
	block  []byte                 // what is left of it
	name   []byte                 // valid until the next call
	err    error
}

// errNames says that an index is not what its checksums say.
var errNames = errors.New("the names of the index cannot be read")

// next goes to the next name, and reports false at the end or an error.
func (c *cursor) next() bool {
	if len(c.block) == 0 {
		return c.nextBlock()
	}
	shared, rest, after, ok := cutName(c.block)
	if !ok || shared > len(c.name) {
		c.err = errNames
		return false
	}
	c.name, c.block = c.name[:shared], after
	for at := 0; ; {
		char, bits := character(rest, at)
		if bits == 0 {
			return true
		}
		c.name, at = append(c.name, char), at+bits
	}
}

func (c *cursor) nextBlock() bool {
	block, err := c.blocks()
	if err != nil {
		if err != io.EOF {
			c.err = err
		}
		return false
	}
	head, after, ok := cutHead(block)
	if !ok {
		c.err = errNames
		return false
	}
	c.name, c.block = append(c.name[:0], head...), after
	return true
}
