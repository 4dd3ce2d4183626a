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
