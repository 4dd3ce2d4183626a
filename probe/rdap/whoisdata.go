package rdap

import (
	"slices"
	"strings"
	"time"
)

// whoisDomain reads what a WHOIS reply says about a registration, by the keys that
// registries use. What it does not say, or not clearly, is left out.
func whoisDomain(lines, name, server string) *Domain {
	d := newDomain(name, server)
	r := readRecord(lines, name)
	if len(r.names) > 1 {
		d.Unicode = printable(r.names[1])
	}
	for _, v := range r.values("status") {
		for s := range strings.SplitSeq(v, ",") {
			d.addStatus(s)
		}
	}
	for _, v := range r.values("server") {
		host, _, _ := strings.Cut(v, " ")
		if host, err := normalize(host); err == nil && !slices.Contains(d.Nameservers, host) {
			d.Nameservers = appendText(d.Nameservers, host)
		}
	}
	if v := r.values("registrar"); len(v) > 0 {
		d.Registrar = printable(v[0])
	}
	d.Created, d.Updated = r.date("created"), r.date("updated")
	d.Expires, d.Drops = r.date("expires"), r.date("drops")
	if v := r.values("dnssec"); len(v) > 0 {
		d.SecureDNS = whoisSigned(strings.ToLower(v[0]))
	}
	d.interpret(time.Now())
	return d
}

// date returns the first date of that kind. Those of people come after
// those of the domain, and do not count.
func (r *record) date(kind string) time.Time {
	for _, f := range r.fields {
		if f.is("contact") && f.value != "" {
			break
		}
		if f.is(kind) {
			if t := parseDate(f.key, f.value); !t.IsZero() {
				return t
			}
		}
	}
	return time.Time{}
}

func whoisSigned(value string) string {
	switch first, _, _ := strings.Cut(value, " "); first {
	case "signed", "signeddelegation", "yes", "active", "y":
		return "signed"
	case "unsigned", "no", "inactive", "n", "unsigneddelegation":
		return "unsigned"
	}
	return ""
}
