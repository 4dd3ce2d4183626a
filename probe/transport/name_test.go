package transport

import (
	"strings"
	"testing"
)

// What is a name, where it ends, and how it reads.
func TestNames(t *testing.T) {
	const (
		before = "\x01a\x00" + // at 12
			"\x01b\xc0\x0c" + // at 15
			"\xc0\x17" + // at 19: ahead
			"\xc0\x0f" + // at 21
			"\x01c\x00" // at 23
		no = "no name"
	)
	long := strings.Repeat("\x3f"+strings.Repeat("x", 63), 3)
	text := strings.Repeat(strings.Repeat("x", 63)+".", 3)
	for _, test := range []struct {
		name, wire string
		want       string
		text       string // if it is another
	}{
		{"root", "\x00", "", ""},
		{"labels in capitals", "\x02Go\x03DEV\x00", "go.dev", ""},
		{"pointer", "\x01x\xc0\x0c", "x.a", ""},
		{"pointer alone", "\xc0\x0f", "b.a", ""},
		{"pointer to a pointer", "\x01x\xc0\x15", "x.b.a", ""},
		{"pointer to itself", "\xc0\x1a", no, ""},
		{"pointer to its own label", "\x01x\xc0\x1a", no, ""},
		{"pointer ahead", "\xc0\x1c\x01x\x00", no, ""},
		{"pointer back and then ahead", "\xc0\x13", no, ""},
		{"pointer into the header", "\xc0\x0b", no, ""},
		{"pointer beyond the end", "\xff\xff", no, ""},
		{"half a pointer", "\x01x\xc0", no, ""},
		{"label of 63 octets", "\x3f" + strings.Repeat("x", 63) + "\x00", strings.Repeat("x", 63), ""},
		{"label of 64 octets", "\x40" + strings.Repeat("x", 64) + "\x00", no, ""},
		{"label of a reserved kind", "\x80" + strings.Repeat("x", 128) + "\x00", no, ""},
		{"label that is cut", "\x03xx", no, ""},
		{"no end", "\x01x", no, ""},
		{"255 octets", long + "\x3d" + strings.Repeat("y", 61) + "\x00", text + strings.Repeat("y", 61), ""},
		{"321 octets", long + long[:2*64] + "\x00", no, ""},
		{"dot in a label", "\x03x.y\x00", "", no},
	} {
		packet := append(make([]byte, headerLen), before+test.wire...)
		off := headerLen + len(before)
		end, ok := skipName(packet, off)
		if ok != (test.want != no) || ok && end != len(packet) {
			t.Errorf("%s: skipped %v to %d of %d", test.name, ok, end, len(packet))
		}
		var buf [255]byte
		got, ok := appendText(buf[:0], packet, off)
		if test.text == "" {
			test.text = test.want
		}
		if ok != (test.text != no) || ok && string(got) != test.text {
			t.Errorf("%s: read %v as %q, want %q", test.name, ok, got, test.text)
		}
	}
}

// A name is continued elsewhere so often and no more.
func TestNamePointers(t *testing.T) {
	packet := make([]byte, headerLen+1)
	last := headerLen // the root
	for pointers := range maxPointers + 2 {
		if _, ok := skipName(packet, last); ok != (pointers <= maxPointers) {
			t.Errorf("%d pointers: a name: %v", pointers, ok)
		}
		packet = append(packet, 0xc0, byte(last))
		last = len(packet) - 2
	}
}

// A name is within another when it ends with its labels, not only with its letters.
func TestWithin(t *testing.T) {
	for _, test := range []struct {
		name, zone string
		want       bool
	}{
		{"go.dev", "dev", true}, {"go.dev", "go.dev", true}, {"go.dev", "", true}, {"", "", true},
		{"go.dev", "o.dev", false}, {"dev", "go.dev", false}, {"", "dev", false}, {"xgo.dev", "go.dev", false},
	} {
		if got := within([]byte(test.name), []byte(test.zone)); got != test.want {
			t.Errorf("%q within %q: %v", test.name, test.zone, got)
		}
	}
}
