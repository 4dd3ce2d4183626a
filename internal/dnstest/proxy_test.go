package dnstest

import (
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestProxy(t *testing.T) {
	const delay = 20 * time.Millisecond
	never := func([]byte) bool { return false }
	always := func([]byte) bool { return true }
	tests := []struct {
		name    string
		p       Proxy
		slowest time.Duration // at least
		lost    bool
	}{
		{"plain", Proxy{}, 0, false},
		{"nothing dropped", Proxy{DropQuestion: never, DropAnswer: never}, 0, false},
		{"delayed both ways", Proxy{Delay: func() time.Duration { return delay }}, 2 * delay, false},
		{"questions dropped", Proxy{DropQuestion: always}, 0, true},
		{"answers dropped", Proxy{DropAnswer: always}, 0, true},
	}
	server := startGoDev(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.p.Server = server.Addr()
			p := started(t)(tt.p.Start())
			if r := ask(t, "tcp", p.Addr(), "go.dev", dns.TypeNS); len(r.Answer) != 1 {
				t.Errorf("tcp: %v", r)
			}
			c := &dns.Client{Timeout: time.Minute}
			if tt.lost {
				c.Timeout = 50 * time.Millisecond
			}
			start := time.Now()
			_, _, err := c.Exchange(new(dns.Msg).SetQuestion("go.dev.", dns.TypeNS), p.Addr())
			if (err != nil) != tt.lost {
				t.Fatalf("error %v", err)
			}
			if took := time.Since(start); took < tt.slowest {
				t.Errorf("answered after %v", took)
			}
		})
	}
}

// Each client gets its own answers, and more clients than the proxy
// remembers do not stop it.
func TestProxyFlows(t *testing.T) {
	server := startGoDev(t)
	s := started(t)(Proxy{Server: server.Addr()}.start(3))
	for range 20 {
		ask(t, "udp", s.Addr(), "go.dev", dns.TypeNS)
	}
}

// What is under way when the proxy is closed is lost, and nothing is waited for.
func TestProxyCloseWithDelayed(t *testing.T) {
	server := startGoDev(t)
	s, err := Proxy{Server: server.Addr(), Delay: func() time.Duration { return time.Hour }}.Start()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("udp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	write(t, conn, "x")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
