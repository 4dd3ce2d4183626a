// Package demo is the registry of --resolver demo: a resolver on a loopback port
// that knows the names of an embedded list, names.txt, all of which really are
// registered. What it says of offers and name servers is made up, and about the
// names for examples alone.
package demo

import (
	_ "embed"
	"iter"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"

	"domprobe/internal/dnsserver"
)

var (
	//go:embed names.txt
	list string
	//go:embed records.txt
	records string
)

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
	own := made()
	return dnsserver.Truth{
		Registered: func(name string) bool { return names[name] },
		Zone:       publicZone,
		Records:    func(name string, qtype uint16) []dns.RR { return own[recordKey{name, qtype}] },
	}
}

// A recordKey is the owner of records, and their type.
type recordKey struct {
	name  string
	qtype uint16
}

// made returns the records of records.txt.
func made() map[recordKey][]dns.RR {
	own := make(map[recordKey][]dns.RR)
	p := dns.NewZoneParser(strings.NewReader(records), "", "")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		key := recordKey{strings.TrimSuffix(rr.Header().Name, "."), rr.Header().Rrtype}
		own[key] = append(own[key], rr)
	}
	if err := p.Err(); err != nil {
		panic(err) // records.txt is a part of the program
	}
	return own
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
