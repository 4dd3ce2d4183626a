package cli

import (
	"io"
	"math/big"
	"strings"
	"testing"

	"domprobe/internal/term"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// Before many names go to a public resolver, somebody is asked.
func TestAgree(t *testing.T) {
	public := resolver.Server{Transport: resolver.UDP, Addr: "192.0.2.1:53"}
	local := resolver.Server{Transport: resolver.UDP, Addr: "127.0.0.1:53"}
	for _, tt := range []struct {
		name   string
		total  *big.Int
		server resolver.Server
		person bool
		p      probing
		answer string
		asked  bool
		begun  bool
	}{
		{"yes", big.NewInt(manyNames + 1), public, true, probing{}, "y\n", true, true},
		{"YES without an end of line", big.NewInt(manyNames + 1), public, true, probing{}, " YES", true, true},
		{"no", big.NewInt(manyNames + 1), public, true, probing{}, "n\n", true, false},
		{"return", big.NewInt(manyNames + 1), public, true, probing{}, "\n", true, false},
		{"end of file", big.NewInt(manyNames + 1), public, true, probing{}, "", true, false},
		{"very many", new(big.Int).Exp(big.NewInt(36), big.NewInt(63), nil), public, true, probing{}, "y\n", true, true},
		{"-y", big.NewInt(manyNames + 1), public, true, probing{yes: true}, "", false, true},
		{"--stop-after", big.NewInt(manyNames + 1), public, true, probing{stopAfter: 1}, "", false, true},
		{"few", big.NewInt(manyNames), public, true, probing{}, "", false, true},
		{"unknown", nil, public, true, probing{}, "", false, true},
		{"local", big.NewInt(manyNames + 1), local, true, probing{}, "", false, true},
		{"a script", big.NewInt(manyNames + 1), public, false, probing{}, "", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stderr strings.Builder
			inv := &invocation{console: term.New(&stderr), std: Streams{In: strings.NewReader(tt.answer), Out: io.Discard}, person: tt.person}
			names := &selection{in: new(input), total: tt.total, generating: &generating{shards: 1}}
			err := tt.p.agree(t.Context(), inv, names, probe.Options{Servers: []resolver.Server{tt.server}})
			if asked := strings.Contains(stderr.String(), "to 192.0.2.1:53: begin? [y/N] "); asked != tt.asked || (err == nil) != tt.begun {
				t.Errorf("asked %t, want %t; error %v; stderr %q", asked, tt.asked, err, stderr.String())
			}
		})
	}
}
