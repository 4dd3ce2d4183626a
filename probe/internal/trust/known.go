package trust

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed known.txt
var knownText string

var known = sync.OnceValue(func() map[string]string {
	of := map[string]string{}
	for line := range strings.Lines(knownText) {
		if tld, names, ok := strings.Cut(strings.TrimSpace(line), " "); ok && tld[0] != '#' {
			of[tld] = names
		}
	}
	return of
})

// Known returns names directly under a TLD that exist, first the most lasting
// one. It returns nil for a TLD of which none is known.
func Known(tld string) []string { return strings.Fields(known()[tld]) }
