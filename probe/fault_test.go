package probe_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

// An axis is one place at which a response can go wrong, on its way from what
// the server knows to what arrives. A cell of the matrix has one fault of each
// of one or two axes.
type axis int

const (
	content  axis = iota // what the server says
	code                 // its RCODE
	size                 // how much of it comes over UDP, and how TCP works
	forgery              // what else comes
	delivery             // how it comes
	axes
)

// A cellFault is one fault. What it does not set is healthy.
type cellFault struct {
	name string
	axis axis

	say     func(x *exchange) *dns.Msg             // content and code
	mangle  func(b []byte) []byte                  // content, in octets
	cut     func(b []byte) []byte                  // size, over UDP
	tcp     tcpKind                                // size
	forge   func(x *exchange, lie *dns.Msg) []byte // forgery; arrives first
	from    netip.AddrPort                         // where the forgery comes from
	deliver func(x *exchange, replies []dnstest.Reply) []dnstest.Reply

	// What must not be expected of the fault: a verdict from one server if
	// every response has it, or if the first one has it.
	always, once bool
}

type tcpKind int

const (
	tcpFine tcpKind = iota
	tcpRefused
	tcpHung
	tcpReset // the first connection is reset in the middle of a response
	tcpInterleaved
)

// An exchange is one query at a faulty server.
type exchange struct {
	q       *dns.Msg
	right   *dns.Msg
	attempt int  // from 1
	all     bool // the fault is with everything that the server says
	chance  float64
}

func (x *exchange) name() string { return normal(x.q) }

// lie is the answer that would be a wrong verdict if it were believed.
func (x *exchange) lie() *dns.Msg {
	switch {
	case x.right.Rcode == dns.RcodeNameError && !x.q.RecursionDesired:
		return dnstest.Referral(x.q, x.name())
	case x.right.Rcode == dns.RcodeNameError:
		return dnstest.NoData(x.q, "dev")
	}
	return dnstest.NXDomain(x.q, "dev")
}

func pack(m *dns.Msg) []byte {
	b, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return b
}

// contentFaults are about what a server says.
func contentFaults() []cellFault {
	say := func(name string, f func(x *exchange) *dns.Msg) cellFault {
		return cellFault{name: name, axis: content, say: f, always: true, once: true}
	}
	return []cellFault{
		say("no data", func(x *exchange) *dns.Msg {
			m := dnstest.NoData(x.q, "dev")
			if !x.all {
				m.Ns = nil
			}
			return m
		}),
		say("wildcard A", func(x *exchange) *dns.Msg { return dnstest.Address(x.q, "203.0.113.80") }),
		say("wildcard CNAME", func(x *exchange) *dns.Msg { return dnstest.CNAME(x.q, "sink.com") }),
		say("upward referral", func(x *exchange) *dns.Msg { return dnstest.Referral(x.q, "") }),
		say("sibling NS", func(x *exchange) *dns.Msg { return dnstest.Referral(x.q, "sibling.dev") }),
		say("NXDOMAIN with the wrong AA", func(x *exchange) *dns.Msg {
			m := dnstest.NXDomain(x.q, "dev")
			m.Authoritative = !m.Authoritative
			return m
		}),
		say("NXDOMAIN with CNAME", func(x *exchange) *dns.Msg {
			m := dnstest.NXDomain(x.q, "dev")
			m.Answer = dnstest.CNAME(x.q, "sink.com").Answer
			return m
		}),
		say("SOA of the wrong zone", func(x *exchange) *dns.Msg { return dnstest.NXDomain(x.q, "com") }),
		{name: "compression loop", axis: content, always: true, mangle: func(b []byte) []byte {
			// The owner of the first record points to itself.
			end := 12 + bytes.IndexByte(b[12:], 0) + 5
			if len(b) > end+2 {
				b[end], b[end+1] = 0xc0|byte(end>>8), byte(end)
			}
			return b
		}},
	}
}

func codeFaults() (faults []cellFault) {
	for _, rcode := range []int{
		dns.RcodeFormatError, dns.RcodeServerFailure, dns.RcodeNotImplemented, dns.RcodeRefused,
		dns.RcodeNotAuth, dns.RcodeBadVers, dns.RcodeBadCookie,
	} {
		faults = append(faults, cellFault{
			name: dns.RcodeToString[rcode], axis: code, always: true,
			once: rcode == dns.RcodeNotAuth || rcode == dns.RcodeBadCookie,
			say: func(x *exchange) *dns.Msg {
				m := dnstest.Rcode(x.q, rcode)
				if rcode > 15 && x.q.IsEdns0() == nil {
					m.Rcode = dns.RcodeFormatError
				}
				return m
			},
		})
	}
	return faults
}

// sizeFaults cut what comes over UDP.
func sizeFaults() []cellFault {
	truncate := func(b []byte) []byte {
		var m dns.Msg
		if m.Unpack(b) != nil {
			return b
		}
		m.Truncated, m.Answer, m.Ns = true, nil, nil
		return pack(&m)
	}
	faults := []cellFault{
		{name: "TC with empty body", axis: size, cut: truncate},
		{name: "TC, TCP refused", axis: size, cut: truncate, tcp: tcpRefused, always: true},
		{name: "TC, TCP hung", axis: size, cut: truncate, tcp: tcpHung, always: true},
		{name: "TC, TCP reset half-way", axis: size, cut: truncate, tcp: tcpReset},
		{name: "TC, TCP interleaved", axis: size, cut: truncate, tcp: tcpInterleaved},
		{name: "bare header", axis: size, cut: func(b []byte) []byte { return b[:min(12, len(b))] }},
	}
	for n := range 3 {
		faults = append(faults, cellFault{
			name: fmt.Sprintf("cut after record %d", n), axis: size,
			cut: func(b []byte) []byte { return cutAfter(b, n) },
		})
	}
	longest := len(pack(dnstest.NXDomain(new(dns.Msg).SetQuestion("free-once.dev.", dns.TypeDS), "dev")))
	for n := range longest {
		faults = append(faults, cellFault{
			name: fmt.Sprintf("cut at octet %d", n), axis: size,
			cut: func(b []byte) []byte { return b[:min(n, len(b)-1)] },
		})
	}
	return faults
}

// cutAfter cuts a message at the edge of its nth record, or, if there are not
// that many, one octet before its end.
func cutAfter(b []byte, n int) []byte {
	off := 12 + bytes.IndexByte(b[12:], 0) + 5
	for range n {
		if off < len(b)-12 {
			_, next, err := dns.UnpackRR(b, off)
			if err != nil {
				return b[:off]
			}
			off = next
		}
	}
	return b[:min(off, len(b)-1)]
}

// forgeryFaults send what is not a response to the question, ahead of what is.
func forgeryFaults() []cellFault {
	forge := func(name string, change func(m *dns.Msg)) cellFault {
		return cellFault{name: name, axis: forgery, forge: func(x *exchange, lie *dns.Msg) []byte {
			change(lie)
			return pack(lie)
		}}
	}
	other := netip.MustParseAddrPort("192.0.2.99:53")
	port := forge("wrong port", func(m *dns.Msg) {})
	port.from = netip.MustParseAddrPort("192.0.2.53:5353")
	address := forge("wrong address", func(m *dns.Msg) {})
	address.from = other
	return []cellFault{
		forge("wrong ID", func(m *dns.Msg) { m.Id ^= 0x4000 }),
		port, address,
		forge("QR=0", func(m *dns.Msg) { m.Response = false }),
		forge("other opcode", func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }),
		forge("other name", func(m *dns.Msg) { m.Question[0].Name = sameLength(m.Question[0].Name) }),
		forge("other type", func(m *dns.Msg) { m.Question[0].Qtype = dns.TypePTR }),
		forge("other class", func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }),
		{name: "changed case", axis: forgery, forge: func(x *exchange, lie *dns.Msg) []byte {
			// Not forged at all, where the case of the question does not matter.
			m := x.right.Copy()
			name := []byte(m.Question[0].Name)
			name[0] ^= 0x20
			m.Question[0].Name = string(name)
			return pack(m)
		}},
		forge("QDCOUNT 0", func(m *dns.Msg) { m.Question = nil }),
		forge("QDCOUNT 2", func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }),
		forge("stale answer with the right ID", func(m *dns.Msg) {
			m.Question[0].Name = sameLength(m.Question[0].Name)
			m.Answer, m.Ns = nil, []dns.RR{rr(m.Question[0].Name + " 60 IN NS a.nic.com.")}
		}),
	}
}

// sameLength is another name of the same length.
func sameLength(name string) string {
	if len(name) < 2 {
		return name
	}
	return name[:len(name)-2] + string(name[len(name)-2]^1) + "."
}

// deliveryFaults lose, repeat and delay.
func deliveryFaults() []cellFault {
	lose := func(share float64) func(x *exchange, replies []dnstest.Reply) []dnstest.Reply {
		return func(x *exchange, replies []dnstest.Reply) []dnstest.Reply {
			if x.chance < share {
				return nil
			}
			return replies
		}
	}
	late := func(first time.Duration) func(x *exchange, replies []dnstest.Reply) []dnstest.Reply {
		return func(x *exchange, replies []dnstest.Reply) []dnstest.Reply {
			if x.attempt == 1 {
				for i := range replies {
					replies[i].Delay += first
				}
			}
			return replies
		}
	}
	return []cellFault{
		{name: "1 % lost", axis: delivery, deliver: lose(0.01)},
		{name: "10 % lost", axis: delivery, deliver: lose(0.1)},
		{name: "50 % lost", axis: delivery, deliver: lose(0.5)},
		{name: "NXDOMAIN lost", axis: delivery, deliver: func(x *exchange, replies []dnstest.Reply) []dnstest.Reply {
			if x.right.Rcode == dns.RcodeNameError {
				return nil
			}
			return replies
		}},
		{name: "duplicate", axis: delivery, deliver: func(x *exchange, replies []dnstest.Reply) []dnstest.Reply {
			return append(replies, replies...)
		}},
		{name: "reordered", axis: delivery, deliver: func(x *exchange, replies []dnstest.Reply) []dnstest.Reply {
			for i := range replies {
				replies[i].Delay += time.Duration(x.chance * float64(200*time.Millisecond))
			}
			return replies
		}},
		{name: "late after retransmission", axis: delivery, deliver: late(600 * time.Millisecond)},
		{name: "late after ID reuse", axis: delivery, deliver: late(7 * time.Second)},
	}
}

// A faultyServer answers with the faults of one cell.
type faultyServer struct {
	cell   []cellFault
	all    bool // whatever is asked, controls included
	honest func(q *dns.Msg) *dns.Msg

	mu     sync.Mutex
	seen   map[string]int
	opened int
}

// The names of the matrix say when the fault is to hit: always, with the
// first response, or never.
func (s *faultyServer) hit(name string, attempt int) bool {
	switch {
	case s.all:
		return true
	case len(name) < 8:
		return false
	case name == "go-always.dev", name == "free-always.dev":
		return true
	case name == "go-once.dev", name == "free-once.dev":
		return attempt == 1
	}
	return false
}

// exchange begins to answer a query.
func (s *faultyServer) exchange(b []byte) *exchange {
	x := &exchange{q: new(dns.Msg), all: s.all}
	if x.q.Unpack(b) != nil || len(x.q.Question) != 1 {
		return nil
	}
	x.right = s.honest(x.q)
	key := fmt.Sprint(x.name(), x.q.Question[0].Qtype)
	s.mu.Lock()
	s.seen[key]++
	x.attempt = s.seen[key]
	s.mu.Unlock()
	h := fnv.New32a()
	fmt.Fprint(h, key, x.attempt)
	for _, f := range s.cell {
		fmt.Fprint(h, f.name)
	}
	x.chance = float64(h.Sum32()*2654435761>>8) / (1 << 24)
	return x
}

// spoken is what the server says, before anything happens to it on the way.
func (s *faultyServer) spoken(x *exchange) []byte {
	m := x.right
	for _, f := range s.cell {
		if f.say != nil {
			m = f.say(x)
		}
	}
	b := pack(m)
	for _, f := range s.cell {
		if f.mangle != nil {
			b = f.mangle(b)
		}
	}
	return b
}

func (s *faultyServer) datagram(b []byte, _ netip.AddrPort) []dnstest.Reply {
	const delay = 10 * time.Millisecond
	x := s.exchange(b)
	if x == nil {
		return nil
	}
	if !s.hit(x.name(), x.attempt) {
		return []dnstest.Reply{{Delay: delay, Bytes: pack(x.right)}}
	}
	reply := dnstest.Reply{Delay: delay, Bytes: s.spoken(x)}
	for _, f := range s.cell {
		if f.cut != nil {
			reply.Bytes = f.cut(reply.Bytes)
		}
	}
	var replies []dnstest.Reply
	for _, f := range s.cell {
		if f.forge != nil {
			if forged := f.forge(x, x.lie()); forged != nil {
				replies = append(replies, dnstest.Reply{Delay: delay / 2, Bytes: forged, From: f.from})
			}
		}
	}
	replies = append(replies, reply)
	for _, f := range s.cell {
		if f.deliver != nil {
			replies = f.deliver(x, replies)
		}
	}
	return replies
}

// tcp answers over TCP. The faults of content and code are there as well.
func (s *faultyServer) tcp() func(conn net.Conn) {
	kind := tcpFine
	for _, f := range s.cell {
		kind = max(kind, f.tcp)
	}
	if kind == tcpRefused {
		return nil
	}
	return func(conn net.Conn) {
		s.mu.Lock()
		s.opened++
		first := s.opened == 1
		s.mu.Unlock()
		answer := dnstest.Stream(func(b []byte, _ netip.AddrPort) []dnstest.Reply { return s.overTCP(conn, b, kind, first) })
		answer(conn)
	}
}

func (s *faultyServer) overTCP(conn net.Conn, b []byte, kind tcpKind, first bool) []dnstest.Reply {
	x := s.exchange(b)
	if x == nil {
		return nil
	}
	reply := dnstest.Reply{Delay: 10 * time.Millisecond, Bytes: pack(x.right)}
	if s.hit(x.name(), x.attempt) {
		reply.Bytes = s.spoken(x)
	}
	switch kind {
	case tcpHung:
		return nil
	case tcpReset:
		if first {
			whole := dnstest.Frame(reply.Bytes)
			conn.Write(whole[:len(whole)/2])
			dnstest.Reset(conn)
			return nil
		}
	case tcpInterleaved:
		reply.Delay += time.Duration(x.chance * float64(100*time.Millisecond))
		stranger := x.right.Copy()
		stranger.Id ^= 0x55
		return []dnstest.Reply{{Bytes: pack(stranger)}, reply, reply}
	}
	return []dnstest.Reply{reply}
}

func newFaulty(cell []cellFault, all bool, honest func(q *dns.Msg) *dns.Msg) *faultyServer {
	return &faultyServer{cell: cell, all: all, honest: honest, seen: map[string]int{}}
}

// host puts the server into a network in memory.
func (s *faultyServer) host() dnstest.Host { return dnstest.Host{UDP: s.datagram, TCP: s.tcp()} }
