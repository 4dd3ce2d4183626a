package trust

import "testing"

func TestOlderSerial(t *testing.T) {
	const day, seconds = 2026112800, 1_796_000_000
	for _, test := range []struct {
		name string
		a, b uint32
		want bool
	}{
		{"the same", 7, 7, false},
		{"one behind", 6, 7, true},
		{"one ahead", 7, 6, false},
		{"behind across zero", 1<<32 - 1, 0, true},
		{"ahead across zero", 0, 1<<32 - 1, false},
		{"just less than half of all numbers behind", 0, 1<<31 - 1, true},
		{"half of all numbers: undefined", 0, 1 << 31, false},
		{"half of all numbers: undefined the other way too", 1 << 31, 0, false},
		{"seconds, five minutes behind", seconds, seconds + 300, false},
		{"seconds, more than five minutes behind", seconds, seconds + 301, true},
		{"seconds, one ahead", seconds + 1, seconds, false},
		{"a date, one behind", day, day + 1, true},
		{"a date, five minutes mean nothing", day, day + 300, true},
		{"a count, five minutes mean nothing", 999_999_999, 1_000_000_000, true},
		{"the first second", 1_000_000_000, 1_000_000_001, false},
		{"after the last second", 1_999_999_999, 2_000_000_000, true},
	} {
		if got := OlderSerial(test.a, test.b); got != test.want {
			t.Errorf("%s: %d is older than %d: %t", test.name, test.a, test.b, got)
		}
	}
}

func TestNewest(t *testing.T) {
	const last = 1<<32 - 1
	for _, test := range []struct {
		name    string
		serials []uint32
		want    uint32
	}{
		{"one", []uint32{7}, 7},
		{"the newer of two", []uint32{8, 7}, 8},
		{"the newer of two across zero", []uint32{0, last}, 0},
		{"one of three lags", []uint32{7, 5, 7}, 7},
		{"one of three is ahead", []uint32{7, 9, 7}, 7},
		{"the median of three across zero", []uint32{1, last, 0}, 0},
		{"two of four lag", []uint32{7, 6, 7, 6}, 7},
		{"two of five lag", []uint32{6, 7, 7, 7, 6}, 7},
		{"three of five lag", []uint32{6, 6, 7, 7, 6}, 6},
	} {
		before := append([]uint32(nil), test.serials...)
		if got := newest(test.serials); got != test.want {
			t.Errorf("%s: %d of %v, want %d", test.name, got, test.serials, test.want)
		}
		for i := range before {
			if before[i] != test.serials[i] {
				t.Errorf("%s: the serials were sorted in place", test.name)
			}
		}
	}
}
