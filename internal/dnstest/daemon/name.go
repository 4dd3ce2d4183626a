package daemon

import (
	"hash/fnv"
	"slices"
	"strings"
)

// A Kind is what is the matter with a name of the laboratory.
type Kind string

const (
	Free      Kind = "free"       // not registered
	Healthy   Kind = "healthy"    // registered, and its own server responds
	Dead      Kind = "dead"       // registered; nothing listens where its server should be
	Refusing  Kind = "refused"    // registered; its server refuses
	Failing   Kind = "servfail"   // registered; its server fails
	Silent    Kind = "silent"     // registered; its server never responds
	Denying   Kind = "nxdomain"   // registered; its server says that it does not exist
	NoAddress Kind = "no-address" // registered; it has no address
	Held      Kind = "held"       // A and TXT records in the registry zone, no delegation
	Orphan    Kind = "orphan"     // not registered; the address of its server was left behind
)

// broken are the kinds of registered names that are rarer than the healthy.
var broken = []Kind{Dead, Refusing, Failing, Silent, Denying, NoAddress}

// A Name is one name of the laboratory and the truth about it.
type Name struct {
	Name       string
	Suffix     string
	Kind       Kind
	Registered bool

	// Resolver and Direct are the verdicts that can be reached at best
	// through a resolver and from the registry's own servers: "found",
	// "not-found" or "unknown". A resolver's response does not tell a held
	// name or a server's address left behind from a delegated name.
	Resolver, Direct string
}

// add makes the names under a suffix.
func (l *Lab) add(words []string, suffix string) {
	labels := slices.Clone(words)
	if suffix != "ws" { // where the wildcard hides them
		labels = append(labels, "held-1", "held-2", "orphan-1", "orphan-2")
	}
	for _, label := range labels {
		if _, repeated := l.registered[label+"."+suffix]; repeated {
			continue
		}
		n := Name{Name: label + "." + suffix, Suffix: suffix, Kind: kindOf(label, suffix)}
		switch n.Kind {
		case Free:
			n.Resolver, n.Direct = "not-found", "not-found"
			if suffix == "ws" {
				n.Resolver, n.Direct = "unknown", "unknown"
			}
		case Held, Orphan:
			n.Registered = n.Kind == Held
			n.Resolver, n.Direct = "found", "unknown"
		default:
			n.Registered = true
			n.Resolver, n.Direct = "found", "found"
		}
		l.Names = append(l.Names, n)
		l.registered[n.Name] = n.Registered
	}
}

// kindOf returns what is the matter with a name. Under the wildcard, nothing
// but healthy and free names can be told apart.
func kindOf(label, suffix string) Kind {
	h := fnv.New32a()
	h.Write([]byte(label + "." + suffix)) // never fails
	sum := h.Sum32()
	share := sum / 2 % 100
	const each = 5
	switch {
	case strings.HasPrefix(label, "held-"):
		return Held
	case strings.HasPrefix(label, "orphan-"):
		return Orphan
	case sum%2 == 0:
		return Free
	case suffix != "ws" && share < each*uint32(len(broken)):
		return broken[share/each]
	}
	return Healthy
}
