package probe_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/demo"
	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

func ExampleProber_Probe() {
	registry, err := demo.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer registry.Close()
	p, err := probe.New(probe.Options{
		Servers: []resolver.Server{{Transport: resolver.UDP, Addr: registry.Addr()}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	for r, err := range p.Probe(context.Background(), candidate.Names("go.dev", "qxvzkwj.dev", "localhost")) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Name, r.Verdict, r.Reason)
	}
	// Unordered output:
	// go.dev found exists
	// qxvzkwj.dev not-found nxdomain
	// localhost invalid special-use
}

func ExampleProber_One() {
	registry, err := demo.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer registry.Close()
	p, err := probe.New(probe.Options{
		Servers: []resolver.Server{{Transport: resolver.UDP, Addr: registry.Addr()}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	r, err := p.One(context.Background(), "go.dev")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Verdict)
	// Output: found
}

// An inMemory transport asks no network at all.
type inMemory struct{ truth dnstest.Truth }

func (t inMemory) ExchangeContext(_ context.Context, m *dns.Msg, _ string) (*dns.Msg, time.Duration, error) {
	return t.truth.Resolve(m), time.Microsecond, nil
}

// A *dns.Client is an Exchanger too.
func ExampleExchanger() {
	truth := dnstest.Truth{Registered: func(name string) bool { return name == "go.dev" }}
	p, err := probe.New(probe.Options{
		Servers:   []resolver.Server{{Transport: resolver.UDP, Addr: "192.0.2.53:53"}},
		Exchanger: inMemory{truth},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	r, err := p.One(context.Background(), "elif.dev")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Verdict)
	// Output: not-found
}

var _ probe.Exchanger = (*dns.Client)(nil)
