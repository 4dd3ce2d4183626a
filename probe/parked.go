package probe

import "github.com/miekg/dns"

// parking are the services that park names, or sell them, and the domains of
// their name servers. Ordinary registrars, whose servers serve any name, are not
// among them.
var parking = []struct{ domain, service string }{
	{"sedoparking.com", "Sedo"},
	{"dan.com", "Dan.com"},
	{"undeveloped.com", "Dan.com"},
	{"afternic.com", "Afternic"},
	{"bodis.com", "Bodis"},
	{"parkingcrew.net", "ParkingCrew"},
	{"above.com", "Above.com"},
	{"parklogic.com", "ParkLogic"},
	{"dsredirection.com", "DomainSponsor"},
	{"skenzo.com", "Skenzo"},
	{"uniregistrymarket.link", "Uniregistry"},
	{"hugedomains.com", "HugeDomains"},
}

// parkedAt returns the service that the name servers of a name are of, and an
// empty string if there is none.
func parkedAt(hosts []string) string {
	for _, host := range hosts {
		for _, p := range parking {
			if dns.IsSubDomain(p.domain, host) {
				return p.service
			}
		}
	}
	return ""
}
