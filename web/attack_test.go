package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// The resolver of a server turns between two of four searches, or in the middle
// of one: no search has a wrong row, and the first ones are whole.
func TestResolverTurns(t *testing.T) {
	registered := func(name string) bool {
		label, tld, _ := strings.Cut(name, ".")
		return tld == "dev" && dnstest.Registered(label, 50)
	}
	none := func(string) bool { return false }
	lies := map[string]dnstest.Truth{
		"finds all": {Registered: func(string) bool { return true }}, "denies all": {Registered: none, NIC: none},
	}
	for lie, truth := range lies {
		for _, when := range []string{"between searches", "in a search"} {
			for how, caches := range map[string]bool{"": false, ", cached": true} {
				t.Run(lie+" "+when+how, func(t *testing.T) {
					var liar atomic.Bool
					turncoat := dnstest.Turncoat{
						Honest: dnstest.Truth{Registered: registered}.Resolve, Lie: truth.Resolve, Caches: caches,
						Lies: func(n int, _ time.Duration) bool { return liar.Load() || when == "in a search" && n > 1250 },
					}
					server := serve(t, Options{Prober: resolving(t, turncoat.Answer)})
					for search := range 4 {
						liar.Store(when == "between searches" && search >= 2)
						right, wrong := 0, 0
						for name, verdict := range searchOf(t, server, search) {
							want := map[bool]string{true: "found", false: "not-found"}[registered(name)]
							switch verdict {
							case want:
								right++
							case "found", "not-found":
								wrong++
							}
						}
						if wrong > 0 {
							t.Errorf("search %d has %d wrong rows", search, wrong)
						}
						if search < 2 && right != searchSize {
							t.Errorf("search %d has %d right rows of %d", search, right, searchSize)
						}
					}
				})
			}
		}
	}
}

const searchSize = 500

// searchOf makes one of several searches, and returns the verdicts.
func searchOf(t *testing.T, server *httptest.Server, search int) map[string]string {
	t.Helper()
	var words []string
	for i := range searchSize {
		// Letters only, like candidates.
		n := (search*searchSize + i) * 9973
		words = append(words, string([]byte{'a' + byte(n%26), 'a' + byte(n/26%26), 'a' + byte(n/676%26), 'a' + byte(n/17576%26), 'a' + byte(n/456976%26)}))
	}
	body, err := json.Marshal(map[string]any{"keyword": words, "tld": []string{"dev"}})
	if err != nil {
		t.Fatal(err)
	}
	resp, rows := do(t, server, "POST", "/v1/probe", string(body), jsonBody)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", resp.Status, rows)
	}
	return verdictsOf(t, rows)
}

// resolving returns a prober on a resolver.
func resolving(t *testing.T, answer func(q *dns.Msg) *dns.Msg) *probe.Prober {
	t.Helper()
	s, err := dnstest.Serve(dnstest.Answer(answer))
	if err != nil {
		t.Fatal(err)
	}
	p, err := probe.New(probe.Options{Servers: []resolver.Server{{Transport: resolver.UDP, Addr: s.Addr()}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		s.Close()
	})
	return p
}
