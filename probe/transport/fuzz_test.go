package transport

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
	"golang.org/x/net/dns/dnsmessage"
)

// seeds are messages of every kind that the reader knows.
func seeds(t testing.TB) (packets [][]byte) {
	for _, change := range []func(m *dns.Msg){
		func(m *dns.Msg) {},
		func(m *dns.Msg) { m.Rcode, m.Ns = 0, nil },
		func(m *dns.Msg) { m.Truncated = true },
		func(m *dns.Msg) { m.Extra, m.Compress = nil, false },
		func(m *dns.Msg) { m.Rcode, m.Ns = 0, mustRR(t, "go.dev. 60 IN NS ns.go.dev.", "go.dev. 60 IN NS b.") },
		func(m *dns.Msg) {
			m.Rcode, m.Ns = 0, mustRR(t, "dev. 60 IN NS ns.dev.")
			m.Extra = append(m.Extra, mustRR(t, "ns.dev. 60 IN A 192.0.2.1", "ns.dev. 60 IN AAAA 2001:db8::1")...)
		},
		func(m *dns.Msg) {
			m.Rcode, m.Ns, m.Answer = 0, nil, mustRR(t, "go.dev. 60 IN DS 1 8 2 00112233", "go.dev. 60 IN CNAME x.dev.")
		},
		func(m *dns.Msg) { m.Ns = mustRR(t, "x.go.dev. 60 IN SOA a. b. 1 2 3 4 5") },
		func(m *dns.Msg) {
			m.Ns = append(m.Ns, mustRR(t, "go.dev. 60 IN NSEC no.dev. NS TYPE128",
				"s9uq6bkkmvv9hb7rv2b0hv03qsrbfmoa.dev. 60 IN NSEC3 1 0 0 - S9UQ6BKKMVV9HB7RV2B0HV03QSRBFMOB NS")...)
		},
		func(m *dns.Msg) {
			m.IsEdns0().Option = []dns.EDNS0{
				&dns.EDNS0_EDE{InfoCode: 15}, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "00112233445566778899aabbccddeeff"},
				&dns.EDNS0_PADDING{Padding: make([]byte, 20)},
			}
		},
		func(m *dns.Msg) { m.Rcode = dns.RcodeBadVers },
	} {
		m := response(t)
		change(m)
		packets = append(packets, mustPack(t, m))
	}
	return packets
}

// FuzzRead reads anything. What it takes for a response to the query must be
// one by its header and its question in the eyes of another reader, too. The
// records are compared by [FuzzFastSlow].
func FuzzRead(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b, uint16(RD|EDNS), uint64(0))
		f.Add(b, uint16(RD|EDNS|DO), uint64(0))
		f.Add(b, uint16(RD|MixCase), uint64(3))
	}
	f.Fuzz(func(t *testing.T, packet []byte, flags uint16, mix uint64) {
		q := query
		if q.Flags = Flags(flags); q.Flags&MixCase == 0 {
			mix = 0
		}
		r, state, rule := read(nil, packet, &q, queryID, mix)
		findCookie(packet0(packet))
		if rule != Passed || state != None {
			if r != (Reply{}) {
				t.Errorf("%v, state %d, yet it says %+v", rule, state, r)
			}
			return
		}
		var p dnsmessage.Parser
		h, err := p.Start(packet)
		if err != nil || !h.Response || h.Truncated || h.OpCode != 0 || h.ID != queryID {
			t.Fatalf("taken for a response: %v, %v", h.GoString(), err)
		}
		if r.Bits&AA != 0 != h.Authoritative || r.Bits&RA != 0 != h.RecursionAvailable || r.Rcode&0xf != uint16(h.RCode) {
			t.Errorf("%+v of %v", r, h.GoString())
		}
		qs, err := p.AllQuestions()
		if err != nil || len(qs) != 1 || uint16(qs[0].Type) != q.Type || qs[0].Class != dnsmessage.ClassINET ||
			!equalFold(qs[0].Name.String(), "go.dev.") {
			t.Fatalf("taken for a response to the query: %v, %v", qs, err)
		}
	})
}

// packet0 is a packet as findCookie may be given it: one with a question.
func packet0(b []byte) []byte {
	if _, rule := checkHead(b, &query, queryID, 0); rule != Passed {
		return make([]byte, headerLen+5)
	}
	return b
}

func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// FuzzFastSlow compares the reader that does not allocate with package dns, and
// the counts of records with a third reader. Whatever the fast one takes, the
// others must take, and say the same.
func FuzzFastSlow(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		end, rule := checkHead(packet, &query, queryID, 0)
		if rule != Passed || be16(packet, 2)&flagTC != 0 {
			return
		}
		fast, ok := readFast(packet, end)
		if !ok {
			return
		}
		var m dns.Msg
		slow, rule := readSlow(&m, packet, &query)
		if rule != Passed {
			t.Fatalf("fast takes it: %+v; slow: %v: %v", fast, rule, m.Unpack(packet))
		}
		if fast != slow {
			t.Fatalf("fast: %+v\nslow: %+v\n%v", fast, slow, &m)
		}
		if strings.Contains(m.String(), `\.`) {
			return // the third reader has no way to write a dot within a label
		}
		authorities, additionals, err := thirdOpinion(packet)
		if err != nil || authorities != len(m.Ns) || additionals != len(m.Extra) {
			t.Errorf("counts %d and %d (%v), want %d and %d", authorities, additionals, err, len(m.Ns), len(m.Extra))
		}
	})
}

// thirdOpinion counts the records after the answer section.
func thirdOpinion(packet []byte) (authorities, additionals int, err error) {
	var p dnsmessage.Parser
	if _, err = p.Start(packet); err != nil {
		return 0, 0, err
	}
	if err = p.SkipAllQuestions(); err != nil {
		return 0, 0, err
	}
	if err = p.SkipAllAnswers(); err != nil {
		return 0, 0, err
	}
	ns, err := p.AllAuthorities()
	if err != nil {
		return 0, 0, err
	}
	extra, err := p.AllAdditionals()
	return len(ns), len(extra), err
}
