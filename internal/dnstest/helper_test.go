package dnstest

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// started hands a server to a test and closes it at the test's end.
func started(t *testing.T) func(*Server, error) *Server {
	return func(s *Server, err error) *Server {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
}

// ask sends one question with RD and EDNS set.
func ask(t *testing.T, network, addr, name string, qtype uint16) *dns.Msg {
	t.Helper()
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype)
	q.SetEdns0(1232, false)
	return exchange(t, network, addr, q)
}

func exchange(t *testing.T, network, addr string, q *dns.Msg) *dns.Msg {
	t.Helper()
	c := &dns.Client{Net: network, Timeout: time.Minute}
	r, _, err := c.Exchange(q, addr)
	if err != nil {
		t.Fatalf("%v over %s: %v", q.Question, network, err)
	}
	return r
}

// goDev has the names go.dev and web.dev.
var goDev = Truth{Registered: func(name string) bool { return name == "go.dev" || name == "web.dev" }}

// startGoDev starts a resolver in a world in which go.dev and web.dev are
// registered.
func startGoDev(t *testing.T) *Server {
	t.Helper()
	return started(t)(Serve(Answer(goDev.Resolve)))
}

// world has one TLD, dev, in which names that begin with "go" are registered.
var world = Truth{
	Registered: func(name string) bool { return strings.HasPrefix(name, "go") && strings.HasSuffix(name, ".dev") },
}
