package probe

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"domprobe/probe/internal/trust"
	"domprobe/probe/resolver"
	"domprobe/probe/transport"
)

func TestAgreed(t *testing.T) {
	type sets = [][]string
	for name, test := range map[string]struct{ sets, want sets }{
		"one resolver":                            {sets{{"a", "b"}}, sets{{"a", "b"}}},
		"two that agree":                          {sets{{"a", "b"}, {"b", "a"}}, sets{{"a", "b"}}},
		"one adds a member":                       {sets{{"a", "b"}, {"b", "c", "a"}}, sets{{"a", "b"}}},
		"the first adds a member":                 {sets{{"c", "a"}, {"a"}}, sets{{"a"}}},
		"two share nothing":                       {sets{{"a"}, {"b"}}, sets{{"a"}, {"b"}}},
		"two of three share what the first lacks": {sets{{"a"}, {"b", "c"}, {"c", "b"}}, sets{{"b", "c"}}},
		"each of three shares with another":       {sets{{"a", "b"}, {"b", "c"}, {"c", "a"}}, sets{{"a", "b", "c"}}},
	} {
		if got := agreed(test.sets); !slices.EqualFunc(got, test.want, slices.Equal) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func locatedBy(addrs ...string) *registries {
	r := &registries{env: &env{}}
	for _, a := range addrs {
		r.locators = append(r.locators, &server{spec: resolver.Server{Transport: resolver.UDP, Addr: a}})
	}
	return r
}

func TestCanBeServer(t *testing.T) {
	for _, test := range []struct {
		addr                      string
		public, private, loopback bool // on which networks the resolvers may be
	}{
		{"192.0.2.1", true, true, true},
		{"2001:db8::1", true, true, true},
		{"239.255.255.255", false, false, false},
		{"224.0.0.1", false, false, false},
		{"ff02::1", false, false, false},
		{"0.0.0.0", false, false, false},
		{"::", false, false, false},
		{"240.0.0.1", false, false, false},
		{"223.255.255.255", true, true, true},
		{"255.255.255.255", false, false, false},
		{"169.254.0.1", false, false, false},
		{"fe80::1", false, false, false},
		{"10.0.0.1", false, true, true},
		{"192.168.0.1", false, true, true},
		{"fd00::1", false, true, true},
		{"127.0.0.1", false, false, true},
		{"::1", false, false, true},
	} {
		a := netip.MustParseAddr(test.addr)
		for network, want := range map[string]bool{
			"192.0.2.53:53": test.public, "10.0.0.53:53": test.private, "[fd00::53]:53": test.private,
			"127.0.0.53:53": test.loopback, "[::1]:53": test.loopback, "no address": test.public,
		} {
			if got := locatedBy(network).canBeServer(a); got != want {
				t.Errorf("%s, located by %s: %t", a, network, got)
			}
		}
		if got := locatedBy("192.0.2.53:53", "127.0.0.1:53").canBeServer(a); got != test.loopback {
			t.Errorf("%s, located by a public resolver and one of this machine: %t", a, got)
		}
	}
}

// Of the addresses that a resolver gives, each counts once, and they are
// bounded.
func TestAddresses(t *testing.T) {
	r := locatedBy("192.0.2.53:53")
	a := &addressSearch{sets: make([][]netip.Addr, 1), left: []int{9}}
	came := func(records ...string) {
		m := new(dns.Msg)
		for _, text := range records {
			rr, err := dns.NewRR("ns. 60 IN " + text)
			if err != nil {
				t.Fatal(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		r.addressesCame(a, 0, response{&delivery{Outcome: transport.Outcome{Msg: m}}})
	}
	came("A 192.0.2.1", "A 192.0.2.2", "A 192.0.2.1")
	came("AAAA 2001:db8::1", "A 192.0.2.1", "AAAA ::ffff:192.0.2.2", "A 0.0.0.0", "TXT x")
	want := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::1")}
	if !slices.Equal(a.sets[0], want) {
		t.Errorf("addresses %v, want %v", a.sets[0], want)
	}
	var many []string
	for i := range 200 {
		many = append(many, "A "+netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}).String())
	}
	if came(many...); len(a.sets[0]) != maxAddresses {
		t.Errorf("%d addresses", len(a.sets[0]))
	}
}

func TestHostsOf(t *testing.T) {
	message := func(rcode int, records ...string) *dns.Msg {
		m := new(dns.Msg)
		m.Rcode = rcode
		for _, text := range records {
			rr, err := dns.NewRR(text)
			if err != nil {
				t.Fatal(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		return m
	}
	for name, test := range map[string]struct {
		m    *dns.Msg
		want []string
	}{
		"no message":           {nil, nil},
		"servers":              {message(0, "dev. 60 IN NS ns2.x.", "DEV. 60 IN NS NS1.x.", "dev. 60 IN NS ns2.X."), []string{"ns2.x", "ns1.x"}},
		"of another zone":      {message(0, "com. 60 IN NS ns.x.", "a.dev. 60 IN NS ns.x."), nil},
		"with an error":        {message(dns.RcodeServerFailure, "dev. 60 IN NS ns.x."), nil},
		"of a name denied":     {message(dns.RcodeNameError, "dev. 60 IN NS ns.x."), nil},
		"beside other records": {message(0, "dev. 60 IN TXT x", "dev. 60 IN NS ns.x."), []string{"ns.x"}},
		"with an odd name":     {message(0, `dev. 60 IN NS n\000s.x.`, "dev. 60 IN NS ns.x."), []string{"ns.x"}},
	} {
		if got := hostsOf(test.m, "dev"); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestFamiliesOfAddresses(t *testing.T) {
	var found, v4, v6 []netip.Addr
	for i := range byte(5) {
		v4 = append(v4, netip.AddrFrom4([4]byte{192, 0, 2, i}))
		v6 = append(v6, netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: i}))
	}
	found = append(append(append(found, v6...), v4...), v4[:3]...)
	orders := map[netip.Addr]bool{}
	for range 100 {
		got4, got6 := families(found)
		orders[got4[0]] = true
		slices.SortFunc(got4, netip.Addr.Compare)
		slices.SortFunc(got6, netip.Addr.Compare)
		if !slices.Equal(got4, v4) || !slices.Equal(got6, v6) {
			t.Fatalf("%v and %v", got4, got6)
		}
	}
	if len(orders) < 2 {
		t.Errorf("the first is always %v", orders)
	}
}

// A registry is given up only when no server of it is left.
func TestLost(t *testing.T) {
	well, down, lying := &server{}, &server{health: health{silences: silentBound}}, &server{}
	z := zone{benches: map[*server]*bench{lying: {finding: trust.Finding{Standing: trust.Failed}}, well: {}}}
	for _, test := range []struct {
		name    string
		servers []*server
		want    bool
	}{
		{"one is well", []*server{well, down}, false},
		{"one is well and not asked yet", []*server{{}, down}, false},
		{"all are down or not believed", []*server{down, lying}, true},
	} {
		z.servers = test.servers
		if got := z.lost(); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}
