package dnstest

import (
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Before the true response there are forged ones, each with another ID and in
// lower case. Over TCP there are none.
func TestForged(t *testing.T) {
	const guesses = 100
	deny := func(q *dns.Msg) *dns.Msg { return NXDomain(q, "dev") }
	s := started(t)(Host{UDP: Forged(world.Resolve, deny, guesses), TCP: Stream(Wire(world.Resolve))}.Start())
	conn, err := net.Dial("udp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	q := new(dns.Msg).SetQuestion("GO.dev.", dns.TypeDS)
	c := &dns.Conn{Conn: conn}
	if err := c.WriteMsg(q); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	ids := make(map[uint16]bool)
	for i := range guesses + 1 {
		r, err := c.ReadMsg()
		if err != nil {
			t.Fatalf("response %d: %v", i, err)
		}
		name, rcode := "go.dev.", dns.RcodeNameError
		if i == guesses {
			name, rcode = "GO.dev.", dns.RcodeSuccess
		} else if ids[r.Id] {
			t.Errorf("the ID %d is guessed twice", r.Id)
		}
		ids[r.Id] = true
		if r.Question[0].Name != name || r.Rcode != rcode {
			t.Errorf("response %d: %v", i, r)
		}
	}
	if r := ask(t, "tcp", s.Addr(), "go.dev", dns.TypeDS); r.Rcode != dns.RcodeSuccess {
		t.Errorf("over TCP: %v", r)
	}
}
