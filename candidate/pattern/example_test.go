package pattern_test

import (
	"fmt"
	"log"

	"domprobe/candidate/pattern"
)

func ExampleCompile() {
	p, err := pattern.Compile(`(get|try)\v[xyz]`)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Count(), "keywords")
	for keyword := range p.All() {
		fmt.Println(keyword)
		if keyword == "getex" {
			break
		}
	}
	// Output:
	// 30 keywords
	// getax
	// getay
	// getaz
	// getex
}
