package probe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/forsale"
	"domprobe/probe/resolver"
)

// answering gives a name other records of a type, in the form of master files and
// without their owner and TTL. An owner of nil is silent.
func answering(f func(q *dns.Msg) *dns.Msg, records map[string][]string) func(q *dns.Msg) *dns.Msg {
	return func(q *dns.Msg) *dns.Msg {
		right := f(q)
		list, ok := records[dns.TypeToString[q.Question[0].Qtype]+" "+normal(q)]
		switch {
		case ok && list == nil:
			return nil
		case ok:
			right.Rcode, right.Answer, right.Ns = dns.RcodeSuccess, nil, nil
		}
		for _, data := range list {
			right.Answer = append(right.Answer, rr(normal(q)+". 60 IN "+data))
		}
		return right
	}
}

func TestForSale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		many := make([]string, 30)
		for i := range many {
			many[i] = fmt.Sprintf(`TXT "v=FORSALE1;ftxt=%s%d"`, strings.Repeat("x", 200), 10+i)
		}
		answers := answering(world.Resolve, map[string][]string{
			"TXT _for-sale.go.dev":        {`TXT "v=FORSALE1;fval=EUR999"`, `TXT "v=FORSALE1;furi=https://a.example/\"\\\;"`, `TXT "v=FORSALE1;ftxt=\195\128 vendre\027[2J"`, `TXT "v=spf1 -all"`},
			"TXT _for-sale.go-alias.dev":  {"CNAME shop.example.", `TXT "v=FORSALE1;"`},
			"TXT _for-sale.go-silent.dev": nil,
			"TXT _for-sale.go-many.dev":   many,
			"TXT _for-sale.go-spf.dev":    {`TXT "v=spf1 -all"`},
			"TXT _for-sale.free.dev":      {`TXT "v=FORSALE1;"`},
		})
		var asked queries
		host := asked.of(func(q *dns.Msg) *dns.Msg {
			switch normal(q) {
			case "_for-sale.go-broken.dev":
				return dnstest.Rcode(q, dns.RcodeServerFailure)
			case "_for-sale.go-filtered.dev": // as a blocklist denies it
				return dnstest.Rcode(q, dns.RcodeNameError)
			case "_for-sale.go-guarded.dev":
				return dnstest.AdGuard(q)
			case "_for-sale.go-nodata.dev":
				return dnstest.NoData(q, "go-nodata.dev")
			}
			return answers(q)
		})
		whole := host.UDP
		host.UDP = func(b []byte, from netip.AddrPort) []dnstest.Reply {
			replies := whole(b, from)
			for i := range replies {
				if len(replies[i].Bytes) > 1232 {
					var q dns.Msg
					if q.Unpack(b) == nil {
						replies[i].Bytes, _ = dnstest.Truncate(&q).Pack()
					}
				}
			}
			return replies
		}
		var n dnstest.Net
		defer n.Close()
		opts := hosts(&n, host)
		opts.ForSale = true
		got := probeAll(t, opts, "go.dev", "go-alias.dev", "go-silent.dev", "go-many.dev", "go-spf.dev", "go-none.dev", "go-broken.dev", "free.dev",
			"go-filtered.dev", "go-guarded.dev", "go-nodata.dev")
		unanswered := map[string]bool{"go-silent.dev": true, "go-broken.dev": true, "go-filtered.dev": true, "go-guarded.dev": true}
		text := strings.Repeat("x", 200)
		for name, want := range map[string]forsale.Sale{
			"go.dev":       {Listed: true, Price: "EUR999", URI: `https://a.example/"\;`, Text: "\u00c0 vendre\x1b[2J"},
			"go-alias.dev": {Listed: true},
			"go-many.dev":  {Listed: true, Text: text + "10 | " + text + "11 | " + text + "12 | " + text + "13"},
			"go-spf.dev":   {}, "go-silent.dev": {}, "go-none.dev": {}, "go-broken.dev": {},
			"go-filtered.dev": {}, "go-guarded.dev": {}, "go-nodata.dev": {},
		} {
			if known := !unanswered[name]; got[name].SaleKnown != known {
				t.Errorf("%s: known is %v, want %v", name, got[name].SaleKnown, known)
			}
			expect(t, got, name, "found exists")
			if got[name].Sale != want {
				t.Errorf("%s: %+v, want %+v", name, got[name].Sale, want)
			}
		}
		expect(t, got, "free.dev", "not-found nxdomain")
		if got["free.dev"].Sale.Listed {
			t.Error("a name that is not registered is for sale")
		}
		list := asked.take()
		if strings.Contains(list, "TXT _for-sale.free.dev") {
			t.Error("asked for a name that is not found")
		}
		if n := strings.Count(list, "TXT _for-sale.go-silent.dev"); n != probe.MaxTries {
			t.Errorf("%d queries about a name whose servers are silent", n)
		}
		opts.ForSale = false
		got = probeAll(t, opts, "go.dev")
		if list := asked.take(); got["go.dev"].Sale.Listed || strings.Contains(list, "_for-sale") {
			t.Errorf("without the option: asked %s", list)
		}
	})
}

// A result waits for its own answer and for no other.
func TestForSaleHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		opts := hosts(&n, hostOf(answering(world.Resolve, map[string][]string{"TXT _for-sale.go-slow.dev": nil})))
		opts.ForSale = true
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var order []string
		for r, err := range p.Probe(t.Context(), candidate.Names("go-slow.dev", "go.dev", "free.dev")) {
			if err != nil || r.Verdict == probe.Unknown {
				t.Fatal(r, err)
			}
			if order = append(order, r.Name); r.Name != "go-slow.dev" && time.Since(began) > time.Second {
				t.Errorf("%s came after %v", r.Name, time.Since(began))
			}
		}
		if len(order) != 3 || order[2] != "go-slow.dev" || time.Since(began) > probe.MaxTries*probe.DefaultTimeout {
			t.Errorf("%v in %v", order, time.Since(began))
		}
	})
}

// That the servers of many names are silent is not the fault of the resolver.
func TestForSaleSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		opts := hosts(&n, hostOf(func(q *dns.Msg) *dns.Msg {
			if strings.HasPrefix(normal(q), "_for-sale.") {
				return nil
			}
			return world.Resolve(q)
		}))
		var log bytes.Buffer
		opts.ForSale, opts.Log = true, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		for _, r := range probeAll(t, opts, numbered(200)...) {
			if r.Verdict == probe.Unknown {
				t.Errorf("%s is unknown: %s", r.Name, r.Reason)
			}
		}
		if strings.Contains(log.String(), "server is down") {
			t.Errorf("the resolver counts as down:\n%s", log.String())
		}
	})
}

// A name whose answer is waited for when the run is cut off has no row.
func TestForSaleUnfinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		opts := hosts(&n, hostOf(answering(world.Resolve, map[string][]string{"TXT _for-sale.go.dev": nil})))
		opts.ForSale, opts.Timeout = true, time.Hour
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		rows := 0
		var u *probe.Unfinished
		for _, err := range p.Probe(ctx, candidate.Names("go.dev", "free.dev")) {
			if err == nil {
				rows++
			} else if !errors.As(err, &u) {
				t.Fatal(err)
			}
		}
		if rows != 1 || u == nil || len(u.Names) != 1 || u.Names[0].Name != "go.dev" {
			t.Errorf("%d rows, left over: %+v", rows, u)
		}
	})
}

func TestParked(t *testing.T) {
	records := map[string][]string{
		"NS go.dev":       {"NS ns1.SedoParking.com.", "NS ns2.sedoparking.com."},
		"NS go-dan.dev":   {"NS ns1.dan.com."},
		"NS go-near.dev":  {"NS ns1.jordan.com."},
		"NS go-alias.dev": {"CNAME ns1.dan.com."},
		"NS go-other.dev": {"NS ns1.go-other.dev.", "NS a.bodis.com."},
		"NS go-quiet.dev": nil,
	}
	want := map[string]string{
		"go.dev": "Sedo", "go-dan.dev": "Dan.com", "go-near.dev": "", "go-alias.dev": "", "go-other.dev": "Bodis", "go-plain.dev": "",
		"go-quiet.dev": "", "free.dev": "",
	}
	check := func(t *testing.T, opts probe.Options) {
		t.Helper()
		opts.Parked = true
		got := probeAll(t, opts, slices.Collect(maps.Keys(want))...)
		for name, service := range want {
			if r := got[name]; r.Parked != service || r.Verdict.String() == "unknown" || (name == "free.dev") == (r.Verdict == probe.Found) {
				t.Errorf("%s: %s, parked at %q, want %q", name, r.Verdict, r.Parked, service)
			}
		}
	}
	t.Run("resolver", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var n dnstest.Net
			defer n.Close()
			check(t, hosts(&n, hostOf(answering(world.Resolve, records))))
		})
	})
	t.Run("direct", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var asked atomic.Int32
			n := registries(hostOf(func(q *dns.Msg) *dns.Msg {
				r := world.Delegate(q)
				if list := records["NS "+normal(q)]; list != nil && len(r.Ns) > 0 {
					r.Ns = nil
					for _, data := range list {
						if strings.HasPrefix(data, "NS ") {
							r.Ns = append(r.Ns, rr(normal(q)+". 60 IN "+data))
						}
					}
					if len(r.Ns) == 0 {
						return dnstest.Referral(q, normal(q))
					}
				}
				return r
			}))
			defer n.Close()
			find := registrar(registryAddr(0))
			n.Listen("192.0.2.53:53", hostOf(func(q *dns.Msg) *dns.Msg {
				if _, ours := want[normal(q)]; ours {
					asked.Add(1)
				}
				if r := answering(find, map[string][]string{"TXT _for-sale.go.dev": {`TXT "v=FORSALE1;fval=EUR5"`}})(q); r != nil {
					return r
				}
				return dnstest.NoData(q, "dev")
			}))
			opts := probe.Options{Dial: n.Dial, Rate: -1, Servers: append(udpServers("192.0.2.53:53"), resolver.Server{Transport: resolver.Direct})}
			check(t, opts)
			if n := asked.Load(); n > 0 {
				t.Errorf("%d queries to the resolver besides the referrals", n)
			}
			// What is for sale is asked of the resolver all the same.
			opts.ForSale = true
			if got := probeAll(t, opts, "go.dev"); got["go.dev"].Sale.Price != "EUR5" {
				t.Errorf("%+v", got["go.dev"].Sale)
			}
		})
	})
}

// A name that a zone file has is asked about besides, unless nobody is asked.
func TestDetailsOfZoneFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		var asked queries
		opts := hosts(&n, asked.of(answering(world.Resolve, map[string][]string{
			"TXT _for-sale.listed.com": {`TXT "v=FORSALE1;fval=EUR5"`}, "NS listed.com": {"NS ns1.dan.com."},
		})))
		opts.ZoneFiles, opts.ForSale, opts.Parked = []probe.ZoneFile{zoneNames{"listed"}}, true, true
		got := probeAll(t, opts, "listed.com")
		expect(t, got, "listed.com", "found zone-file")
		if r := got["listed.com"]; r.Sale.Price != "EUR5" || r.Parked != "Dan.com" {
			t.Errorf("%+v", r)
		}
		asked.take()
		opts.Offline = true
		got = probeAll(t, opts, "listed.com")
		expect(t, got, "listed.com", "found zone-file")
		if list := asked.take(); list != "" || got["listed.com"].Sale.Listed {
			t.Errorf("asked %s", list)
		}
	})
}

// What is asked besides takes its share of time, and no more: with every other
// name found, half as many queries come on top.
func TestForSaleTakes(t *testing.T) {
	took := func(sale bool) (d time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			n := delayed(func() time.Duration { return 20 * time.Millisecond })
			began := time.Now()
			probeAll(t, probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial, Rate: 2000, ForSale: sale}, numbered(4000)...)
			d = time.Since(began)
			ended(t, n)
		})
		return d
	}
	without, with := took(false), took(true)
	t.Logf("%v without, %v with", without, with)
	if with > without*17/10 {
		t.Errorf("%v, and %v without", with, without)
	}
}
