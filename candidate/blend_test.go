package candidate

import (
	"slices"
	"strings"
	"testing"

	"domprobe/internal/text"
)

// slowBlends tries every cut of a and b, and compares what is left as text.
func slowBlends(a, b string) (overlap, rest []string) {
	for i := 1; i <= len(a); i++ {
		for j := range b {
			made := a[:i] + b[j:]
			if made == a || made == b {
				continue
			}
			head, tail := a[:i], b[:j] // the shared letters end both
			k := 0
			for k < len(head) && k < len(tail) && head[len(head)-1-k] == tail[len(tail)-1-k] {
				k++
			}
			if k >= 2 && len(head) > 2 {
				overlap = append(overlap, made)
			}
			if strings.Contains(" "+strings.Join(places(a, true), " ")+" ", " "+head+" ") &&
				strings.Contains(" "+strings.Join(places(b, false), " ")+" ", " "+b[j:]+" ") &&
				vowel(a[i-1]) != vowel(b[j]) && !(head == a && j == 0) {
				rest = append(rest, made)
			}
		}
	}
	return overlap, rest
}

func vowel(c byte) bool { return strings.IndexByte("aeiou", c) >= 0 }

// places returns the parts of a word of at least two letters: the shortest three
// at which a vowel meets a consonant, and the word.
func places(word string, start bool) (parts []string) {
	for n := 2; n < len(word); n++ {
		part, at := word[:n], n
		if !start {
			part, at = word[len(word)-n:], len(word)-n
		}
		if vowel(word[at-1]) != vowel(word[at]) && len(parts) < 3 {
			parts = append(parts, part)
		}
	}
	return append(parts, word)
}

func TestBlendAgainstReference(t *testing.T) {
	words := strings.Fields("net etiquette motor hotel breakfast lunch instant telegram aa banana x-ray web2 unbelievable strengths")
	var wantOverlap, wantRest []string
	n := 0 // with overlap
	for i, a := range words {
		for j, b := range words {
			if i != j {
				overlap, rest := slowBlends(a, b)
				wantOverlap, wantRest = append(wantOverlap, overlap...), append(wantRest, rest...)
				n += len(text.Distinct(overlap))
			}
		}
	}
	got, err := gather(Blend(append([]string{"whole.dev", "NET", strings.Repeat("x", 64)}, words...)))
	if err != nil {
		t.Fatal(err)
	}
	// Every overlap comes before every other one.
	for _, c := range []struct {
		kind      string
		got, want []string
	}{{"overlap", got[:n], wantOverlap}, {"no overlap", got[n:], wantRest}} {
		want := slices.Compact(slices.Sorted(slices.Values(c.want)))
		have := slices.Compact(slices.Sorted(slices.Values(c.got)))
		if !slices.Equal(have, want) {
			t.Errorf("with %s: %d, want %d: %q, want %q", c.kind, len(have), len(want), have, want)
		}
	}
	for _, want := range []string{"netiquette", "motel"} {
		if !slices.Contains(got[:n], want) {
			t.Errorf("no %s", want)
		}
	}
	for _, want := range []string{"brunch", "instagram"} {
		if !slices.Contains(got[n:], want) {
			t.Errorf("no %s", want)
		}
	}
}

// The number of portmanteaus without overlap is bounded for each pair, and a loop
// that ends early ends the stream.
func TestBlendIsBounded(t *testing.T) {
	long := strings.Repeat("ba", 31)
	if n := len(meeting([]rune(long), []rune(long+"k"))); n > (maxCuts+1)*(maxCuts+1) {
		t.Errorf("%d portmanteaus of one pair", n)
	}
	n := 0
	for range Blend([]string{"motor", "hotel"}) {
		n++
		break
	}
	if got, _ := gather(Blend([]string{"a", "b"})); n != 1 || len(got) != 0 {
		t.Errorf("%d, %q", n, got)
	}
}
