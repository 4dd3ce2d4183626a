package text

import (
	"slices"
	"strings"
	"testing"
)

func TestSlab(t *testing.T) {
	var s Slab
	var got []string
	for i := range slabSize { // several slabs, and one for the long string
		got = append(got, s.Join([]byte{'a' + byte(i%26)}, strings.Repeat("x", i%7)))
	}
	long := strings.Repeat("y", 2*slabSize)
	if s.Join(nil, long) != long {
		t.Error("a long string is not itself")
	}
	for i, text := range got {
		if want := string(rune('a'+i%26)) + strings.Repeat("x", i%7); text != want {
			t.Fatalf("string %d is %q, want %q", i, text, want)
		}
	}
}

func TestDistinct(t *testing.T) {
	list := []string{"b", "a", "b", "", "a", ""}
	if got := Distinct(list); !slices.Equal(got, []string{"b", "a", ""}) || list[2] != "b" {
		t.Errorf("got %q, of %q", got, list)
	}
}

func TestLower(t *testing.T) {
	b := []byte("@AMZ[`az{É\xc4-9")
	if Lower(b); string(b) != "@amz[`az{É\xc4-9" {
		t.Errorf("got %q", b)
	}
}

// TestOneSlip compares with a list of all slips.
func TestOneSlip(t *testing.T) {
	var words []string
	layer := []string{""}
	for range 4 {
		var longer []string
		for _, w := range layer {
			longer = append(longer, w+"a", w+"b", w+"c")
		}
		layer = longer
		words = append(words, layer...)
	}
	for _, a := range words {
		slips := make(map[string]bool)
		for i := 0; i <= len(a); i++ {
			for _, c := range []string{"a", "b", "c"} {
				slips[a[:i]+c+a[i:]] = true
				if i < len(a) {
					slips[a[:i]+c+a[i+1:]] = true
				}
			}
			if i < len(a) {
				slips[a[:i]+a[i+1:]] = true
			}
			if i+1 < len(a) {
				slips[a[:i]+a[i+1:i+2]+a[i:i+1]+a[i+2:]] = true
			}
		}
		delete(slips, a)
		for _, b := range words {
			if (Slips(a, b) == 1) != slips[b] {
				t.Errorf("one slip from %q to %q: %v", a, b, !slips[b])
			}
		}
	}
}
