package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// A plainSet holds the bytes that need no escape. It is a table because every byte of
// a report is looked up.
type plainSet [256]bool

// plainBut returns the set of printable ASCII without the backslash and others.
func plainBut(others string) *plainSet {
	var p plainSet
	for c := byte(' '); c < 0x7f; c++ {
		p[c] = c != '\\' && strings.IndexByte(others, c) < 0
	}
	return &p
}

var plain = plainBut("")

// has reports whether all of s is plain.
func (p *plainSet) has(s string) bool {
	for i := range len(s) {
		if !p[s[i]] {
			return false
		}
	}
	return true
}

// appendVisible appends s for a terminal: every byte of a character that does
// not print is escaped, and so are the marks that reorder text.
func appendVisible(dst []byte, s string) []byte {
	return appendEscaped(dst, s, func(r rune) bool { return !strconv.IsPrint(r) })
}

// appendEscaped appends s. The bytes of every bad rune, and all bytes that are not
// UTF-8, are written as \x1b. A backslash before an x is written as \x5c, so that
// unescape is the exact inverse.
func appendEscaped(dst []byte, s string, bad func(rune) bool) []byte {
	if plain.has(s) {
		return append(dst, s...)
	}
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1, bad(r), strings.HasPrefix(s, `\x`):
			for i := range size {
				dst = append(dst, '\\', 'x', hexDigits[s[i]>>4], hexDigits[s[i]&15])
			}
		default:
			dst = append(dst, s[:size]...)
		}
		s = s[size:]
	}
	return dst
}

// unescape turns every \x1b in s back into the byte that it stands for.
func unescape(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		c, size := s[0], 1
		if len(s) >= 4 && s[:2] == `\x` {
			hi, lo := strings.IndexByte(hexDigits, s[2]), strings.IndexByte(hexDigits, s[3])
			if hi >= 0 && lo >= 0 {
				c, size = byte(hi<<4|lo), 4
			}
		}
		out = append(out, c)
		s = s[size:]
	}
	return string(out)
}

// isControl reports whether r is a command to a terminal, reorders the text
// around it (Unicode Standard Annex #9), or breaks a line.
func isControl(r rune) bool {
	const last = '\u2069' // of them all
	return r <= last && (unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r))
}
