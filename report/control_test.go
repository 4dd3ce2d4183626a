package report

import (
	"bytes"
	"testing"
	"unicode"
	"unicode/utf8"
)

// What needs no look at its characters is written as the slow way writes it.
func TestControlShortcuts(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		want := unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
		if isControl(r) != want {
			t.Errorf("isControl(%U) is not %v", r, want)
		}
		s := "\u56fd" + string(r)
		slow := appendString(nil, `"`+s) // which no shortcut takes
		if got := appendString(nil, s); !bytes.Equal(got[1:], slow[len(`"\"`):]) {
			t.Errorf("%U is written as %s", r, got)
		}
	}
	for lead := 0x80; lead <= 0xff; lead++ { // not UTF-8
		if got := appendString(nil, "\u56fd"+string([]byte{byte(lead)})); !utf8.Valid(got) {
			t.Errorf("octet %x is written as %q", lead, got)
		}
	}
}
