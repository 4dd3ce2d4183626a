package transport

import (
	"testing"

	"github.com/miekg/dns"
)

// responses are the shapes that the fast path reads.
func responses(tb testing.TB) map[string][]byte {
	soa := func(rcode int) *dns.Msg {
		m := new(dns.Msg)
		m.SetQuestion("example-name.com.", dns.TypeDS)
		m.Id, m.Rcode, m.Response, m.RecursionAvailable, m.Compress = 4711, rcode, true, true, true
		m.Ns = []dns.RR{&dns.SOA{
			Hdr: dns.RR_Header{Name: "com.", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 900},
			Ns:  "a.gtld-servers.net.", Mbox: "nstld.verisign-grs.com.", Serial: 1, Minttl: 900,
		}}
		return m.SetEdns0(maxUDP, false)
	}
	referral := soa(dns.RcodeSuccess)
	referral.Ns = []dns.RR{&dns.NS{
		Hdr: dns.RR_Header{Name: "example-name.com.", Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 900},
		Ns:  "ns1.example-name.com.",
	}}
	packets := map[string][]byte{}
	for name, m := range map[string]*dns.Msg{
		"denial": soa(dns.RcodeNameError), "no data": soa(dns.RcodeSuccess), "referral": referral,
	} {
		packet, err := m.Pack()
		if err != nil {
			tb.Fatal(err)
		}
		packets[name] = packet
	}
	return packets
}

var benchQuery = Query{Name: "example-name.com", Type: dns.TypeDS, Flags: RD | EDNS, Tries: 3}

func BenchmarkRead(b *testing.B) {
	for name, packet := range responses(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, rule := read(nil, packet, &benchQuery, 4711, 0); rule != Passed {
					b.Fatal(rule)
				}
			}
		})
	}
}

func BenchmarkPack(b *testing.B) {
	buf := make([]byte, 0, maxQuery)
	b.ReportAllocs()
	for b.Loop() {
		buf = appendQuery(buf[:0], &benchQuery, 4711, 0, nil, -1)
	}
}

func TestFastPathDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, maxQuery)
	if n := testing.AllocsPerRun(100, func() { buf = appendQuery(buf[:0], &benchQuery, 4711, 0, nil, -1) }); n != 0 {
		t.Errorf("packing a query allocates %v times", n)
	}
	for name, packet := range responses(t) {
		n := testing.AllocsPerRun(100, func() {
			if _, state, rule := read(nil, packet, &benchQuery, 4711, 0); rule != Passed || state != None {
				t.Fatal(name, state, rule)
			}
		})
		if n != 0 {
			t.Errorf("reading a %s allocates %v times", name, n)
		}
	}
}
