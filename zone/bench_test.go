package zone

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// benchIndex is the index that DOMPROBE_ZONE names, and a sample of its labels.
func benchIndex(b *testing.B) (x *Index, sample []string) {
	path := os.Getenv("DOMPROBE_ZONE")
	if path == "" {
		b.Skip("DOMPROBE_ZONE names no index")
	}
	x, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { x.Close() })
	n := 0
	for name := range x.Names() {
		if n++; n%int(1+x.Info().Names/1_000_000) == 0 {
			sample = append(sample, strings.TrimSuffix(string(name), "."+x.Origin()))
		}
	}
	return x, sample
}

// Look-ups of names that are there, in order and at random.
func BenchmarkHas(b *testing.B) {
	x, sample := benchIndex(b)
	run := func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if !x.Has(sample[i%len(sample)]) {
				b.Fatal("a name is missing")
			}
		}
	}
	b.Run("ordered", run)
	rand.Shuffle(len(sample), func(i, j int) { sample[i], sample[j] = sample[j], sample[i] })
	b.Run("random", run)
}

func BenchmarkOpen(b *testing.B) {
	benchIndex(b)
	for b.Loop() {
		x, err := Open(os.Getenv("DOMPROBE_ZONE"))
		if err != nil {
			b.Fatal(err)
		}
		x.Close()
	}
}
