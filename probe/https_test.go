package probe_test

import (
	"strings"
	"testing"

	"domprobe/probe"
	"domprobe/probe/doh"
	"domprobe/probe/resolver"
	"domprobe/probe/transport"
)

// A resolver over HTTPS needs an import, and the error names it.
func TestHTTPSWithoutImport(t *testing.T) {
	servers, err := resolver.Parse("https://dns.example/dns-query")
	if err != nil {
		t.Fatal(err)
	}
	opts := probe.Options{Servers: append(udpServers("192.0.2.53:53"), servers...)}
	transport.NewHTTPS = nil
	defer func() { transport.NewHTTPS = doh.New }()
	if _, err := probe.New(opts); err == nil || !strings.Contains(err.Error(), "domprobe/probe/doh") || !strings.Contains(err.Error(), "https://dns.example/") {
		t.Errorf("without package doh: %v", err)
	}
	opts.Exchanger = refusing{world} // which carries everything
	if _, err := probe.New(opts); err != nil {
		t.Errorf("with an Exchanger: %v", err)
	}
	transport.NewHTTPS = doh.New
	opts.Exchanger = nil
	if _, err := probe.New(opts); err != nil {
		t.Errorf("with package doh: %v", err)
	}
}
