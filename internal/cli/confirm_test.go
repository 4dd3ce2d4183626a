package cli

import (
	"io"
	"strings"
	"testing"

	"domprobe/internal/cmdline"
	"domprobe/internal/term"
	"domprobe/probe"
)

func TestConfirmOptions(t *testing.T) {
	for _, tt := range []struct {
		args           string
		env            string // DOMPROBE_CONFIRM
		confirm, whois bool
		rate           float64
		bootstrap      string
	}{
		{"", "", false, false, 1, ""},
		{"--confirm rdap", "", true, false, 1, ""},
		{"--confirm rdap,whois", "", true, true, 1, ""},
		{"--confirm whois --confirm rdap", "", true, true, 1, ""},
		{"", "rdap, whois", true, true, 1, ""},
		{"--confirm rdap", "rdap,whois", true, false, 1, ""},
		{"--confirm rdap --rdap-rate 0.5 --rdap-bootstrap https://rdap.example/dns.json", "", true, false, 0.5, "https://rdap.example/dns.json"},
		{"--rdap-rate 0.5", "", false, false, 0.5, ""},
	} {
		t.Run(tt.args+" "+tt.env, func(t *testing.T) {
			if tt.env != "" {
				t.Setenv("DOMPROBE_CONFIRM", tt.env)
			}
			var c confirming
			inv := &invocation{console: term.New(io.Discard)}
			if _, err := (&cmdline.Command{Options: c.options()}).Parse(strings.Fields(tt.args + " go.dev")); err != nil {
				t.Fatal(err)
			}
			opts, err := c.rdap(inv), c.check(nil)
			confirm := c.on()
			if err != nil || confirm != tt.confirm || opts.WHOIS != tt.whois || opts.Rate != tt.rate || opts.Bootstrap != tt.bootstrap {
				t.Errorf("%v, %v, %+v", confirm, err, opts)
			}
			if agent, ok := strings.CutPrefix(opts.UserAgent, "domprobe/"); confirm && (!ok || agent == "" || strings.ContainsAny(agent, " ()")) {
				t.Errorf("User-Agent %q", opts.UserAgent)
			}
		})
	}
}

func TestFree(t *testing.T) {
	for _, tt := range []struct {
		verdict    probe.Verdict
		reason     probe.Reason
		confirming bool
		want       bool
	}{
		{probe.NotFound, probe.NXDomain, false, true},
		{probe.NotFound, probe.RDAPNotRegistered, true, true},
		{probe.NotFound, probe.RDAPLimited, true, false},
		{probe.NotFound, probe.RDAPCanceled, true, false},
		{probe.Found, probe.RDAPReserved, true, false},
		{probe.Unknown, probe.Timeout, false, false},
	} {
		if got := free(&probe.Result{Verdict: tt.verdict, Reason: tt.reason}, tt.confirming); got != tt.want {
			t.Errorf("%v %s, confirming %v: %v", tt.verdict, tt.reason, tt.confirming, got)
		}
	}
}
