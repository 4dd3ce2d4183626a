// Package demo is the registry behind --resolver demo: a resolver on a loopback
// port that answers from a built-in list, names.txt, of names that really are
// registered.
package demo

import (
	_ "embed"
	"iter"
	"strings"

	"golang.org/x/net/publicsuffix"

	"domprobe/internal/dnsserver"
)

//go:embed names.txt
var list string

// Start starts the resolver. It knows the names of [Names] and, as every
// [dnsserver.Truth], the name nic under every TLD. Other names under a TLD of
// the public suffix list do not exist, and neither do other TLDs.
func Start() (*dnsserver.Server, error) {
	return dnsserver.Serve(dnsserver.Answer(truth().Resolve))
}

func truth() dnsserver.Truth {
	names := make(map[string]bool)
	for name := range Names() {
		names[name] = true
	}
	return dnsserver.Truth{
		Registered: func(name string) bool { return names[name] },
		Zone:       publicZone,
	}
}

// Names streams the registered names of the list.
func Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(list) {
			tld, labels, ok := strings.Cut(line, ":")
			if !ok || strings.HasPrefix(line, "#") {
				continue
			}
			for label := range strings.FieldsSeq(labels) {
				if !yield(label + "." + tld) {
					return
				}
			}
		}
	}
}

// publicZone returns the longest suffix of a name under which a registry, not a
// private company, registers names. It is empty if there is none.
func publicZone(name string) string {
	for name != "" {
		suffix, official := publicsuffix.PublicSuffix(name)
		if official {
			return suffix
		}
		_, name, _ = strings.Cut(suffix, ".")
	}
	return ""
}
