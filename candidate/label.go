package candidate

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of RFC 1035 section 2.3.4, in octets of the A-label form, without
// the final dot.
const (
	maxLabel = 63
	maxName  = 253
)

// A class is the set of the kinds of characters in a string.
type class uint8

const (
	upper class = 1 << iota // an ASCII capital
	dot                     // a full stop
	other                   // ASCII that no name can contain
	high                    // an octet of a multi-byte character

	plain class = 0 // lower-case letters, digits and hyphens only
)

var classes = func() (t [256]class) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = high
		case 'A' <= c && c <= 'Z':
			t[c] = upper
		case c == '.':
			t[c] = dot
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
			t[c] = plain
		default:
			t[c] = other
		}
	}
	return t
}()

func classify(s string) (f class) {
	for i := range len(s) {
		f |= classes[s[i]]
	}
	return f
}

// fits reports whether a label of plain characters is valid without a look at
// UTS 46. It is false for A-labels.
func fits(label []byte) bool {
	n := len(label)
	return 0 < n && n <= maxLabel &&
		label[0] != '-' && label[n-1] != '-' &&
		!(n >= 4 && label[2] == '-' && label[3] == '-')
}

// checkName checks the lengths of an ASCII name, and that its labels consist of
// letters, digits and inner hyphens (RFC 1123 section 2.1).
func checkName(name string) *Error {
	for label := range strings.SplitSeq(name, ".") {
		if err := checkLabel(name, label); err != nil {
			return err
		}
	}
	if len(name) > maxName {
		return invalid(TooLong, "%s has %d octets, the most is %d", quote(name), len(name), maxName)
	}
	return nil
}

func checkLabel(name, label string) *Error {
	if err := checkCharacters(label); err != nil {
		return err
	}
	switch n := len(label); {
	case n == 0:
		return invalid(BadLabel, "%s has an empty label", quote(name))
	case n > maxLabel:
		return invalid(TooLong, "the label %s has %d octets, the most is %d", quote(label), n, maxLabel)
	case label[0] == '-':
		return invalid(BadLabel, "%s starts with a hyphen", quote(label))
	case label[n-1] == '-':
		return invalid(BadLabel, "%s ends with a hyphen", quote(label))
	case n >= 4 && label[2:4] == "--" && label[:2] != "xn":
		// Reserved by RFC 5891 section 4.2.3.1.
		return invalid(BadLabel, "%s has hyphens in the third and fourth place, which only xn-- may have", quote(label))
	}
	return nil
}

// checkCharacters checks the ASCII characters of s. UTS 46 checks the others.
func checkCharacters(s string) *Error {
	for i := range len(s) {
		if classes[s[i]]&other != 0 {
			return invalid(BadLabel, "%s holds %s; only letters, digits and hyphens can be registered",
				quote(s), strconv.QuoteRune(rune(s[i])))
		}
	}
	return nil
}

func invalid(r Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

// quote quotes the beginning of a string for one line of a terminal.
func quote(s string) string {
	const most = 64
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + "..."
}
