package dnstest

import (
	"encoding/hex"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The hash is part of the contract: benchmarks elsewhere compute it as well.
func TestRegistered(t *testing.T) {
	// FNV-1a of "a" is e40c292c and of "foobar" bf9cf968, which modulo 100
	// are both 20.
	for _, tt := range []struct {
		label string
		share int
		want  bool
	}{
		{"a", 21, true}, {"a", 20, false}, {"A", 21, true},
		{"foobar", 21, true}, {"foobar", 20, false}, {"FooBar", 21, true},
		{strings.Repeat("a", 19), 100, true}, {strings.Repeat("a", 20), 100, false},
		{"a", 0, false},
		{"nic", 0, true}, {"Google", 0, true}, {"iana", 0, true}, {"wikipedia", 0, true}, {"go", 0, true}, {"WEB", 0, true},
		{"nice", 0, false}, {"ni", 0, false}, {"wikipedias", 0, false},
	} {
		if got := Registered(tt.label, tt.share); got != tt.want {
			t.Errorf("Registered(%q, %d) = %t", tt.label, tt.share, got)
		}
	}
}

func fast(t *testing.T, f Fast) *FastServer {
	t.Helper()
	s, err := f.Start()
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

func TestFast(t *testing.T) {
	yes, no := "foobar", strings.Repeat("n", 20)
	s := fast(t, Fast{Share: 21, Threads: 2})
	tests := []struct {
		name   string
		qtype  uint16
		rd     bool
		rcode  int
		aa     bool
		answer string
		auth   string
	}{
		{yes + ".dev.", dns.TypeDS, true, 0, false, "", "SOA dev."},
		{yes + ".dev.", dns.TypeNS, true, 0, false, "NS " + yes + ".dev.", ""},
		{yes + ".dev.", dns.TypeA, true, 0, false, "A " + yes + ".dev.", ""},
		{yes + ".dev.", dns.TypeMX, true, 0, false, "", "SOA dev."},
		{yes + ".dev.", dns.TypeTXT, false, 0, false, "", "NS " + yes + ".dev."},
		{"www." + yes + ".dev.", dns.TypeNS, true, 0, false, "", "SOA dev."},
		{yes + ".dev.", dns.TypeNS, false, 0, false, "", "NS " + yes + ".dev."},
		{"www." + yes + ".dev.", dns.TypeA, false, 0, false, "", "NS " + yes + ".dev."},
		{no + ".dev.", dns.TypeDS, true, 3, false, "", "SOA dev."},
		{no + ".dev.", dns.TypeNS, false, 3, true, "", "SOA dev."},
		{"dev.", dns.TypeSOA, true, 0, false, "SOA dev.", ""},
		{"dev.", dns.TypeSOA, false, 0, true, "SOA dev.", ""},
		{"dev.", dns.TypeNS, false, 0, true, "NS dev.", ""},
		{"dev.", dns.TypeA, false, 0, true, "", "SOA dev."},
		{"a.dev.", dns.TypeA, true, 0, false, "A a.dev.", ""},
	}
	for _, network := range []string{"udp", "tcp"} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/%s%s/%t", network, tt.name, dns.TypeToString[tt.qtype], tt.rd), func(t *testing.T) {
				q := new(dns.Msg).SetQuestion(tt.name, tt.qtype)
				q.RecursionDesired = tt.rd
				q.SetEdns0(1232, false)
				r := exchange(t, network, s.Addr(), q)
				if r.Rcode != tt.rcode || r.Authoritative != tt.aa || r.RecursionAvailable != tt.rd || r.IsEdns0() == nil {
					t.Errorf("header or OPT record: %v", r)
				}
				if got := owners(r.Answer); got != tt.answer {
					t.Errorf("answer %q, want %q", got, tt.answer)
				}
				if got := owners(r.Ns); got != tt.auth {
					t.Errorf("authority %q, want %q", got, tt.auth)
				}
			})
		}
	}
}

// owners returns the types and owners of records, "NS dev.".
func owners(rrs []dns.RR) string {
	var s []string
	for _, rr := range rrs {
		s = append(s, dns.TypeToString[rr.Header().Rrtype]+" "+rr.Header().Name)
	}
	return strings.Join(s, ", ")
}

func TestFastFaults(t *testing.T) {
	q := new(dns.Msg).SetQuestion("elif.dev.", dns.TypeNS)
	t.Run("servfail", func(t *testing.T) {
		if r := exchange(t, "udp", fast(t, Fast{ServFail: 100}).Addr(), q); r.Rcode != dns.RcodeServerFailure {
			t.Errorf("got %v", r)
		}
	})
	t.Run("truncate", func(t *testing.T) {
		s := fast(t, Fast{Truncate: 100})
		if r := exchange(t, "udp", s.Addr(), q); !r.Truncated || len(r.Ns) != 0 {
			t.Errorf("udp: %v", r)
		}
		if r := exchange(t, "tcp", s.Addr(), q); r.Truncated || len(r.Ns) != 1 {
			t.Errorf("tcp: %v", r)
		}
	})
	t.Run("delay", func(t *testing.T) {
		const delay = 30 * time.Millisecond
		s := fast(t, Fast{Delay: delay})
		for _, network := range []string{"udp", "tcp"} {
			start := time.Now()
			exchange(t, network, s.Addr(), q)
			if took := time.Since(start); took < delay {
				t.Errorf("%s: answered after %v", network, took)
			}
		}
	})
	t.Run("drop", func(t *testing.T) {
		s := fast(t, Fast{Drop: 100})
		c := &dns.Client{Timeout: 50 * time.Millisecond}
		if r, _, err := c.Exchange(q, s.Addr()); err == nil {
			t.Errorf("answered: %v", r)
		}
		for s.Counts().Queries == 0 {
			runtime.Gosched()
		}
		s.Close() // once it has counted everything
		if c := s.Counts(); c.Queries != 1 || c.Dropped != 1 || c.Answers != 0 {
			t.Errorf("counts %+v", c)
		}
	})
	t.Run("qps", func(t *testing.T) {
		s := fast(t, Fast{QPS: 1})
		conn, err := net.Dial("udp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		packed, _ := q.Pack()
		for range 20 {
			conn.Write(packed)
		}
		// The last question is answered only after the others were dropped.
		for s.Counts().Queries < 20 {
			exchange(t, "tcp", s.Addr(), q)
		}
		s.Close() // once it has counted everything
		if c := s.Counts(); c.Answers < 1 || c.Answers > 10 {
			t.Errorf("counts %+v", c)
		}
	})
	t.Run("qps of each address", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("the loopback interface has one address")
		}
		s := fast(t, Fast{QPS: 1})
		packed, _ := q.Pack()
		for i := range byte(3) { // each is within its limit
			from := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2+i)}}
			conn, err := from.Dial("udp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(time.Minute))
			conn.Write(packed)
			if _, err := conn.Read(make([]byte, 512)); err != nil {
				t.Errorf("address %d: %v", i, err)
			}
		}
	})
}

// Each answer is delayed on its own: the last of a hundred questions does not
// wait for the delays of those before it.
func TestFastDelayIsOfEach(t *testing.T) {
	const delay, n = time.Second, 100
	s := fast(t, Fast{Delay: delay})
	conn, err := net.Dial("udp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	packed, _ := new(dns.Msg).SetQuestion("go.dev.", dns.TypeNS).Pack()
	start := time.Now()
	for range n {
		conn.Write(packed)
	}
	conn.SetReadDeadline(start.Add(n * delay / 2))
	for i := range n {
		if _, err := conn.Read(make([]byte, 512)); err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
	}
	if took := time.Since(start); took < delay {
		t.Errorf("%d answers took %v", n, took)
	}
}

func FuzzFast(f *testing.F) {
	for _, name := range []string{"go.dev.", "dev.", "www.foobar.co.uk.", "."} {
		b, err := new(dns.Msg).SetQuestion(name, dns.TypeNS).Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, tcp := range []bool{false, true} {
			m := Fast{Share: 50}
			a := m.answer(append(make([]byte, 0, len(b)+maxFastAnswer), b...), tcp)
			if len(a) > maxFastAnswer {
				t.Fatalf("an answer of %d octets", len(a))
			}
			if a == nil {
				continue
			}
			if r := new(dns.Msg); r.Unpack(a) != nil && new(dns.Msg).Unpack(b) == nil {
				t.Fatalf("the answer to a good question does not unpack: %s", hex.Dump(a))
			}
		}
	})
}

func BenchmarkFastAnswer(b *testing.B) {
	q, err := new(dns.Msg).SetQuestion("foobar.dev.", dns.TypeNS).Pack()
	if err != nil {
		b.Fatal(err)
	}
	m := Fast{Share: 50}
	buf := make([]byte, maxFastAnswer)
	for b.Loop() {
		if m.answer(buf[:copy(buf, q)], false) == nil {
			b.Fatal("no answer")
		}
	}
}
