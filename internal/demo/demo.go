// Package demo is the registry of --resolver demo: a resolver on a loopback port
// that knows the names of an embedded list, names.txt, all of which really are
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

// Start starts the resolver. It knows the names of [Names] and, like every
// [dnsserver.Truth], the name nic under every TLD. Its TLDs are those of the ICANN
// section of the public suffix list. No other name exists.
func Start() (*dnsserver.Server, error) {
	return dnsserver.Serve(dnsserver.Answer(truth().Resolve))
}

func truth() dnsserver.Truth {
	names := make(map[string]bool)
	for name := range Names() {
		names[name] = true
	}
	return dnsserver.Truth{Registered: func(name string) bool { return names[name] }, Zone: publicZone}
}

// Names streams the names of the list.
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

// publicZone returns the public suffix of a name in the ICANN section of the
// public suffix list, and an empty string if the list has none.
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
