// Zonetext writes the text of a made-up zone to standard output: as many
// delegated names as -n says, unsorted, in the form of a registry's zone file, or
// as a plain list. The same numbers make the same names.
//
//	go run ./internal/dnstest/cmd/zonetext -n 100000000 | domprobe zone build - -o com.zone
//
// The names are mixed as in a large zone: words put together, with and without a
// hyphen or a number, brand-like syllables, and letters at random. Some come
// twice, as numbers are drawn.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
)

func main() {
	n := flag.Int("n", 1000, "names")
	list := flag.Bool("list", false, "write a list of names")
	flag.Parse()
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	err := write(out, *n, *list)
	if e := out.Flush(); err == nil {
		err = e
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "zonetext:", err)
		os.Exit(1)
	}
}

const head = "com.\t900\tin\tsoa\ta.gtld-servers.net. nstld.verisign-grs.com. 1795000000 1800 900 604800 86400\n" +
	"com.\t172800\tin\tns\ta.gtld-servers.net.\n"

func write(out io.Writer, n int, list bool) error {
	if !list {
		if _, err := io.WriteString(out, head); err != nil {
			return err
		}
	}
	m := newMaker()
	var line []byte
	for range n {
		line = append(m.name(line[:0]), ".com"...)
		if !list {
			line = append(line, ".\t172800\tin\tns\tns1.example.net."...)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// A maker makes names.
type maker struct {
	rand  *rand.Rand
	words []string
}

const words = 20_000

func newMaker() *maker {
	m := &maker{rand: rand.New(rand.NewPCG(1, 2))}
	for range words {
		m.words = append(m.words, string(m.syllables(nil, 1+m.rand.IntN(3))))
	}
	return m
}

// name appends a name to b.
func (m *maker) name(b []byte) []byte {
	switch kind := m.rand.IntN(100); {
	case kind < 35:
		return m.word(m.word(b))
	case kind < 60:
		return m.word(m.word(m.word(b)))
	case kind < 70:
		return m.word(append(m.word(b), '-'))
	case kind < 80:
		return strconv.AppendInt(m.word(m.word(b)), m.rand.Int64N(1000), 10)
	case kind < 92:
		return m.syllables(b, 3+m.rand.IntN(2))
	default:
		return m.letters(b, 5+m.rand.IntN(6))
	}
}

// word appends a word. Few of them are in many names.
func (m *maker) word(b []byte) []byte {
	x := m.rand.Float64()
	return append(b, m.words[int(x*x*words)]...)
}

func (m *maker) syllables(b []byte, n int) []byte {
	const first, vowels, last = "bcdfghklmnprstvwz", "aeiou", "lmnrst"
	for range n {
		b = append(b, first[m.rand.IntN(len(first))], vowels[m.rand.IntN(len(vowels))])
		if m.rand.IntN(3) == 0 {
			b = append(b, last[m.rand.IntN(len(last))])
		}
	}
	return b
}

func (m *maker) letters(b []byte, n int) []byte {
	for range n {
		b = append(b, byte('a'+m.rand.IntN(26)))
	}
	return b
}
