package candidate

import (
	"bytes"
	"fmt"
	"iter"
	"testing"

	"domprobe/candidate/pattern"
	"domprobe/internal/text"
)

// counted streams the numbers from 0 as words, without an end of its own.
func counted(n int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var names text.Slab
		var buf []byte
		for i := range n {
			buf = fmt.Appendf(buf[:0], "w%07d", i)
			if !yield(names.Join(buf, ""), nil) {
				return
			}
		}
	}
}

func drain(b *testing.B, opts Options, n int) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		g, err := New(opts)
		if err != nil {
			b.Fatal(err)
		}
		got := 0
		for c, err := range g.All() {
			if err != nil || c.Name == "" {
				b.Fatal(c, err)
			}
			got++
		}
		if got != n {
			b.Fatalf("%d names, want %d", got, n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/name")
}

func BenchmarkGenerator(b *testing.B) {
	const n = 100_000
	words := make([]string, 0, n)
	var text bytes.Buffer
	for w := range counted(n) {
		words = append(words, w)
		fmt.Fprintln(&text, w)
	}
	b.Run("unique", func(b *testing.B) {
		drain(b, Options{Keywords: Stream(words...), TLDs: []string{"com"}, Unique: true}, n)
	})
	b.Run("unique-cc", func(b *testing.B) {
		drain(b, Options{Keywords: Stream(words...), TLDs: []string{"io"}, Unique: true}, n)
	})
	b.Run("filtered", func(b *testing.B) {
		drain(b, Options{Keywords: Stream(words...), TLDs: []string{"com"}}, n)
	})
	b.Run("lines", func(b *testing.B) {
		opts := Options{TLDs: []string{"com"}}
		opts.Keywords = func(yield func(string, error) bool) {
			Lines(bytes.NewReader(text.Bytes()))(yield)
		}
		drain(b, opts, n)
	})
	b.Run("idn", func(b *testing.B) {
		idn := make([]string, n)
		for i, w := range words {
			idn[i] = "ü" + w
		}
		drain(b, Options{Keywords: Stream(idn...), TLDs: []string{"com"}}, n)
	})
}

// BenchmarkLines is a file of more names than the filter remembers.
func BenchmarkLines(b *testing.B) {
	const n = 2*window + window/2
	var text bytes.Buffer
	for w := range counted(n) {
		fmt.Fprintln(&text, w)
	}
	opts := Options{TLDs: []string{"com"}}
	opts.Keywords = func(yield func(string, error) bool) {
		Lines(bytes.NewReader(text.Bytes()))(yield)
	}
	drain(b, opts, n)
}

func BenchmarkPattern(b *testing.B) {
	// 10 million names and a bit.
	const src, n = "[a-z]{4}[a-w]", 26 * 26 * 26 * 26 * 23
	p, err := pattern.Compile(src)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ordered", func(b *testing.B) {
		drain(b, Options{Keywords: p.All(), TLDs: []string{"com"}, Unique: p.Unique()}, n)
	})
	b.Run("shuffled", func(b *testing.B) {
		drain(b, Options{Keywords: p.Shuffled(1), TLDs: []string{"com"}, Unique: p.Unique()}, n)
	})
}
