package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/probe"
)

// Queries and responses fit the terminal, and keep clear of their times.
func TestStoryFitsTerminal(t *testing.T) {
	start := time.Now()
	s := &story{start: start, events: []probe.Event{
		{At: start, Server: "127.0.0.1:53", Transport: "udp", Name: "go.dev.", Type: dns.TypeDS},
		{At: start, Server: "127.0.0.1:53", Name: "go.dev.", Type: dns.TypeDS, Response: true, Rule: "found: the registry zone has the name",
			Message: "NOERROR ra; authority: dev. 900 IN SOA ns.demo.invalid. hostmaster.demo.invalid. 1 3600 900 604800 900"},
	}}
	for width, want := range map[int]string{
		200: `    0.0 ms  ask 127.0.0.1:53 over udp: DS go.dev
    0.0 ms  127.0.0.1:53 on DS go.dev: found: the registry zone has the name
            NOERROR ra; authority: dev. 900 IN SOA ns.demo.invalid. hostmaster.demo.invalid. 1 3600 900 604800 900
`,
		60: `    0.0 ms  ask 127.0.0.1:53 over udp: DS go.dev
    0.0 ms  127.0.0.1:53 on DS go.dev: found: the registry
            zone has the name
            NOERROR ra; authority: dev. 900 IN SOA
            ns.demo.invalid. hostmaster.demo.invalid. 1 3600
            900 604800 900
`,
	} {
		var b strings.Builder
		if err := s.print(&b, probe.Result{Candidate: candidate.Parse("go.dev")}, width); err != nil {
			t.Fatal(err)
		}
		if _, got, _ := strings.Cut(b.String(), "\n\n"); got != want {
			t.Errorf("%d characters:\n%s", width, got)
		}
	}
}
