package dnstest

import (
	_ "embed"
	"iter"
	"strings"

	"golang.org/x/net/publicsuffix"
)

//go:embed demo.txt
var demoList string

// StartDemo starts a recursive resolver, and registry of every TLD, that knows
// the names of demo.txt. Every other name under a TLD of the public suffix
// list does not exist, and neither do other TLDs.
func StartDemo() (*Server, error) {
	return Serve(Answer(demoTruth().Resolve))
}

func demoTruth() Truth {
	names := make(map[string]bool)
	for name := range DemoNames() {
		names[name] = true
	}
	return Truth{Registered: func(name string) bool { return names[name] }, Zone: publicZone}
}

// DemoNames yields the names that the demo registry holds.
func DemoNames() iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(demoList) {
			name := strings.TrimSpace(line)
			if name == "" || strings.HasPrefix(name, "#") {
				continue
			}
			if !yield(name) {
				return
			}
		}
	}
}

// publicZone returns the longest suffix of the name that a registry, rather
// than a private company, registers names under, and "" where there is none.
func publicZone(name string) string {
	for name != "" {
		suffix, official := publicsuffix.PublicSuffix(name)
		if official {
			return suffix
		}
		name = parent(suffix)
	}
	return ""
}
