// Package known lists names that are known to be registered, for a few under
// most TLDs. A server that denies them cannot be believed about the TLD.
package known

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed known.txt
var text string

var byTLD = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		if tld, names, ok := strings.Cut(strings.TrimSpace(line), " "); ok && tld[0] != '#' {
			m[tld] = names
		}
	}
	return m
})

// Names returns names directly under a TLD that exist, the most lasting one
// first. There are none of a TLD that is not on the list.
func Names(tld string) []string { return strings.Fields(byTLD()[tld]) }

// Has reports whether a name, in lower case, is one of [Names].
func Has(name string) bool {
	_, tld, _ := strings.Cut(name, ".")
	return slices.Contains(Names(tld), name)
}
