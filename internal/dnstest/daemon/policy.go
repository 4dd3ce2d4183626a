package daemon

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// A Policy is a blocklist that a resolver obeys: a response policy zone in
// BIND and Unbound.
type Policy struct {
	// Names are blocked, and so is everything below them. Nil means no
	// policy at all.
	Names []string

	// NoData makes the responses NODATA instead of NXDOMAIN.
	NoData bool
}

// zone returns the response policy zone.
func (p Policy) zone() Zone {
	target := "."
	if p.NoData {
		target = "*."
	}
	var b strings.Builder
	for _, name := range p.Names {
		name = strings.TrimSuffix(dns.Fqdn(name), ".")
		fmt.Fprintf(&b, "%[1]s CNAME %[2]s\n*.%[1]s CNAME %[2]s\n", name, target)
	}
	return Zone{Origin: "policy.invalid", Servers: []Host{{Name: "ns.invalid"}}, Records: b.String()}
}
