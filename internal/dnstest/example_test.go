package dnstest_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

// A healthy resolver, but for one name.
func ExampleServe() {
	truth := dnstest.Truth{Registered: func(name string) bool { return name == "go.dev" }}
	s, err := dnstest.Serve(dnstest.Answer(func(q *dns.Msg) *dns.Msg {
		if q.Question[0].Name == "broken.dev." {
			return dnstest.Rcode(q, dns.RcodeServerFailure)
		}
		return truth.Resolve(q)
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	c := &dns.Client{Timeout: time.Minute}
	for _, name := range []string{"go.dev.", "broken.dev.", "elif.dev."} {
		r, _, err := c.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeDS), s.Addr())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(name, dns.RcodeToString[r.Rcode])
	}
	// Output:
	// go.dev. NOERROR
	// broken.dev. SERVFAIL
	// elif.dev. NXDOMAIN
}

// A server in memory that answers late, and twice.
func ExampleNet() {
	truth := dnstest.Truth{Registered: func(name string) bool { return name == "go.dev" }}
	answer := dnstest.Wire(truth.Resolve)
	var n dnstest.Net
	n.Listen("192.0.2.53:53", dnstest.Host{
		UDP: func(q []byte, from netip.AddrPort) []dnstest.Reply {
			late := answer(q, from)
			for i := range late {
				late[i].Delay = time.Millisecond
			}
			return append(late, late...)
		},
	})
	defer n.Close()
	conn, err := n.Dial(context.Background(), "udp", "192.0.2.53:53")
	if err != nil {
		fmt.Println(err)
		return
	}
	c := &dns.Conn{Conn: conn}
	if err := c.WriteMsg(new(dns.Msg).SetQuestion("go.dev.", dns.TypeDS)); err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		r, err := c.ReadMsg()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(dns.RcodeToString[r.Rcode], r.Ns[0].Header().Name)
	}
	// Output:
	// NOERROR dev.
	// NOERROR dev.
}
