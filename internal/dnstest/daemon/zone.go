package daemon

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// A Zone is what a server is authoritative for.
type Zone struct {
	// Origin is the name of the zone without the final dot; "" is the root.
	Origin string

	// Servers are its name servers.
	Servers []Host

	// Records are lines of a master file (RFC 1035 section 5), relative to
	// the origin. The SOA record, the NS records of the zone and their
	// addresses are not among them.
	Records string

	// Signing says whether the server signs the zone, which [Knot] can.
	Signing Signing
}

// A Host is a name server: its name without the final dot and its address.
type Host struct{ Name, IP string }

// Signing is how a zone is signed.
type Signing int

const (
	Unsigned    Signing = iota
	NSEC                // RFC 4034
	NSEC3OptOut         // RFC 5155 section 6
)

// soaTTL is the negative TTL of every zone, in seconds.
const soaTTL = 900

// file returns the master file.
func (z Zone) file() string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ORIGIN %s\n$TTL 3600\n", dns.Fqdn(z.Origin))
	fmt.Fprintf(&b, "@ %d SOA %s hostmaster.invalid. 1 3600 900 604800 %d\n", soaTTL, dns.Fqdn(z.Servers[0].Name), soaTTL)
	for _, s := range z.Servers {
		fmt.Fprintf(&b, "@ NS %s\n", dns.Fqdn(s.Name))
		if dns.IsSubDomain(dns.Fqdn(z.Origin), dns.Fqdn(s.Name)) {
			fmt.Fprintf(&b, "%s A %s\n", dns.Fqdn(s.Name), s.IP)
		}
	}
	b.WriteString(z.Records)
	return b.String()
}

// delegation returns the records with which a zone above delegates this one.
func (z Zone) delegation() string {
	var b strings.Builder
	for _, s := range z.Servers {
		fmt.Fprintf(&b, "%s NS %s\n%s A %s\n", dns.Fqdn(z.Origin), dns.Fqdn(s.Name), dns.Fqdn(s.Name), s.IP)
	}
	return b.String()
}

// zoneFile writes the master file of a zone and returns its path.
func (s *setup) zoneFile(z Zone) string {
	s.Helper()
	return s.file(cmp.Or(z.Origin, "root")+".zone", z.file())
}
