package dnsserver

import (
	"cmp"
	"strings"

	"github.com/miekg/dns"

	"domprobe/internal/known"
)

// A Truth says what exists in the DNS, and responds accordingly. Its functions
// are given names in lower case without the final dot, and are called
// concurrently.
type Truth struct {
	// Registered reports whether there is a delegation at exactly the name.
	Registered func(name string) bool

	// Zone returns the registry zone that holds the name, which is the name
	// itself where the name is one, and "" for the root, whose zone holds
	// names without a TLD. Nil means that every single label is a registry
	// zone, and nothing else.
	Zone func(name string) string

	// Empty reports whether a name exists without being registered: a TLD
	// such as co.jp, whose names live in the zone above. Nil means none.
	Empty func(name string) bool

	// NIC reports whether nic.ZONE and the names of package known are
	// delegated. Nil means that they are, in every registry zone but the root.
	NIC func(zone string) bool

	// Records returns what a resolver finds at a registered name or below it, in
	// place of the records that all of them have. Nil means none.
	Records func(name string, qtype uint16) []dns.RR

	// Serial is that of every SOA record. Zero means 1.
	Serial uint32
}

// Zones returns a [Truth.Zone] for the given zones. Without any single label
// among them, every single label is a zone as well.
func Zones(zones ...string) func(name string) string {
	listed, singles := make(map[string]bool), false
	for _, z := range zones {
		listed[z] = true
		singles = singles || !strings.Contains(z, ".")
	}
	return func(name string) string {
		for z := name; z != ""; z = parent(z) {
			if listed[z] || !singles && !strings.Contains(z, ".") {
				return z
			}
		}
		return ""
	}
}

// Resolve responds as a healthy recursive resolver. Every registered name has
// name servers, the address 192.0.2.1 (RFC 5737), and no DS record.
func (t Truth) Resolve(q *dns.Msg) *dns.Msg { return t.dated(t.resolve(q)) }

// Delegate responds as the registry's own server, which holds every registry
// zone, does not recurse, and refers to the servers of a registered name.
func (t Truth) Delegate(q *dns.Msg) *dns.Msg { return t.dated(t.delegate(q)) }

// dated puts the serial into the SOA records of a response.
func (t Truth) dated(r *dns.Msg) *dns.Msg {
	for _, section := range [][]dns.RR{r.Answer, r.Ns} {
		for _, rr := range section {
			if rr, ok := rr.(*dns.SOA); ok {
				rr.Serial = cmp.Or(t.Serial, rr.Serial)
			}
		}
	}
	return r
}

func (t Truth) resolve(q *dns.Msg) *dns.Msg {
	r, cut := t.ofZone(q)
	if r != nil {
		return r
	}
	name, qtype := normal(q.Question[0].Name), q.Question[0].Qtype
	if t.Records != nil {
		if own := t.Records(name, qtype); len(own) > 0 {
			return withAnswer(q, own...)
		}
	}
	switch {
	case qtype == dns.TypeA:
		return Address(q, "192.0.2.1")
	case name == cut:
		return apex(q)
	}
	return NoData(q, cut)
}

func (t Truth) delegate(q *dns.Msg) *dns.Msg {
	r, cut := t.ofZone(q)
	if r == nil {
		r = Referral(q, cut)
	} else if len(q.Question) == 1 {
		r.Authoritative = true
	}
	r.RecursionAvailable = false
	return r
}

// ofZone returns the response that the registry zone itself has, or the
// registered name whose zone has one.
func (t Truth) ofZone(q *dns.Msg) (r *dns.Msg, cut string) {
	if len(q.Question) != 1 {
		return Rcode(q, dns.RcodeFormatError), ""
	}
	name, qtype := normal(q.Question[0].Name), q.Question[0].Qtype
	zone, cut := t.find(name, qtype)
	switch {
	case name == zone:
		return apex(q), ""
	case cut == "" && t.Empty != nil && t.Empty(name):
		return NoData(q, zone), ""
	case cut == "":
		return NXDomain(q, zone), ""
	case qtype == dns.TypeDS && name == cut:
		return NoData(q, zone), "" // RFC 4035 section 3.1.4.1: the parent's business
	}
	return nil, cut
}

// find returns the zone that is authoritative for a name, and the registered name in
// it that the name is or lies below, if there is one. A query for DS is the
// business of the zone above.
func (t Truth) find(name string, qtype uint16) (zone, cut string) {
	zoneOf := t.Zone
	if zoneOf == nil {
		zoneOf = Zones()
	}
	zone = zoneOf(name)
	if name == zone && name != "" && qtype == dns.TypeDS {
		zone = zoneOf(parent(name))
		return zone, name
	}
	for n := name; n != zone; n = parent(n) {
		if t.Registered(n) || t.isNIC(n, zone) {
			cut = n // the topmost one is what the registry zone delegates
		}
	}
	return zone, cut
}

// isNIC reports whether a name is one of those that exist in every truth.
func (t Truth) isNIC(name, zone string) bool {
	return zone != "" && (name == "nic."+zone || parent(name) == zone && known.Has(name)) && (t.NIC == nil || t.NIC(zone))
}

// apex returns the response about the top of a zone.
func apex(q *dns.Msg) *dns.Msg {
	owner := q.Question[0].Name
	switch q.Question[0].Qtype {
	case dns.TypeSOA:
		return withAnswer(q, soa(owner))
	case dns.TypeNS:
		return withAnswer(q, nameServer(owner))
	}
	return NoData(q, owner)
}

// normal returns a name of a message as a [Truth] takes it.
func normal(name string) string {
	return strings.TrimSuffix(strings.ToLower(name), ".")
}

// parent returns the name without its first label.
func parent(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return rest
}
