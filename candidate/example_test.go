package candidate_test

import (
	"fmt"
	"log"
	"slices"
	"strings"

	"domprobe/candidate"
)

func Example() {
	g, err := candidate.New(candidate.Options{
		Keywords: candidate.Lines(strings.NewReader("go\nbücher  # a comment\nziglang.org\n")),
		TLDs:     []string{"dev", ".CO.UK"},
		Prefixes: []string{"get"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for c, err := range g.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %q\n", c.Name, c.Unicode)
	}
	// Output:
	// go.dev ""
	// go.co.uk ""
	// getgo.dev ""
	// getgo.co.uk ""
	// xn--bcher-kva.dev "bücher.dev"
	// xn--bcher-kva.co.uk "bücher.co.uk"
	// xn--getbcher-95a.dev "getbücher.dev"
	// xn--getbcher-95a.co.uk "getbücher.co.uk"
	// ziglang.org ""
}

func ExampleNames() {
	for c := range candidate.Names("go.dev", "foo.bar.com", "printer.local") {
		if c.Err != nil {
			fmt.Printf("%s: %s (%s)\n", c.Name, c.Err, c.Err.Reason)
			continue
		}
		fmt.Println(c.Name, "under", c.TLD)
	}
	// Output:
	// go.dev under dev
	// foo.bar.com: foo.bar.com lies below bar.com (not-registrable)
	// printer.local: local is reserved for special use (RFC 6761) and nobody can register it (special-use)
}

func ExampleHacks() {
	fmt.Println(candidate.Hacks("instagram"), candidate.Hacks("delicious"))
	// Output: [instagr.am] [delicio.us]
}

func ExampleBlend() {
	var words []string
	for word := range candidate.Blend([]string{"motor", "hotel"}) {
		words = append(words, word)
	}
	fmt.Println(words[:2])
	// Output: [motel hotor]
}

func ExampleEndings() {
	fmt.Println(candidate.Endings("flicker")[:3], candidate.Endings("dig")[:3])
	// Output: [flickerly flickerify flickerio] [digly digify digio]
}

func ExampleTypos() {
	typos := candidate.Typos("go.dev")
	fmt.Println(slices.Contains(typos, "og.dev"), slices.Contains(typos, "g0.dev"), len(typos))
	// Output: true true 102
}

func ExampleClosest() {
	fmt.Println(candidate.Closest("devv"), candidate.Closest("co.ku"))
	// Output: dev co.uk
}
