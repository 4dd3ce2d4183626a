package transport

import (
	"testing"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// query is what the messages of these tests are responses to.
var query = Query{Name: "go.dev", Type: dns.TypeDS, Flags: RD | EDNS}

const queryID = 0x1234

func mustPack(t testing.TB, m *dns.Msg) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// mustRR reads records in the form of a zone file.
func mustRR(t testing.TB, lines ...string) (rrs []dns.RR) {
	t.Helper()
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil || rr == nil {
			t.Fatalf("%q: %v", line, err)
		}
		rrs = append(rrs, rr)
	}
	return rrs
}

const devSOA = "dev. 300 IN SOA ns.nic.dev. hostmaster.nic.dev. 1 3600 900 604800 900"

// response is a good response to the query.
func response(t testing.TB) *dns.Msg {
	m := new(dns.Msg)
	m.SetQuestion("go.dev.", dns.TypeDS)
	m.Id, m.Response, m.RecursionAvailable, m.Compress = queryID, true, true, true
	m.Rcode = dns.RcodeNameError
	m.Ns = mustRR(t, devSOA)
	m.SetEdns0(1232, false)
	return m
}

// TestCheck has for each check that a response must pass a message that fails
// this one only: without the check it would be taken.
func TestCheck(t *testing.T) {
	good := mustPack(t, response(t))
	changed := func(change func(m *dns.Msg)) []byte {
		m := response(t)
		change(m)
		return mustPack(t, m)
	}
	bytes := func(change func(b []byte) []byte) []byte { return change(append([]byte(nil), good...)) }
	// A response without records that counts one in the section whose count is at i.
	bare := func(i int) []byte {
		b := changed(func(m *dns.Msg) { m.Ns, m.Extra = nil, nil })
		b[i] = 1
		return b
	}
	end := headerLen + wireLen("go.dev") + 4
	mixCase := query
	mixCase.Flags |= MixCase
	tests := []struct {
		name   string
		q      *Query
		mix    uint64
		packet []byte
		want   Rule
	}{
		{"nothing", &query, 0, good, Passed},
		{"length of the header", &query, 0, good[:headerLen-1], ShortHeader},
		{"no octets", &query, 0, nil, ShortHeader},
		{"QR", &query, 0, changed(func(m *dns.Msg) { m.Response = false }), NotResponse},
		{"opcode", &query, 0, changed(func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }), WrongOpcode},
		{"ID", &query, 0, changed(func(m *dns.Msg) { m.Id++ }), WrongID},
		{"ID, high octet", &query, 0, changed(func(m *dns.Msg) { m.Id ^= 0x8000 }), WrongID},
		{"QDCOUNT 0", &query, 0, changed(func(m *dns.Msg) { m.Question = nil }), NoQuestion},
		{"QDCOUNT 2", &query, 0, changed(func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), NoQuestion},
		{"QDCOUNT 0 with a question", &query, 0, bytes(func(b []byte) []byte { b[5] = 0; return b }), NoQuestion},
		{"name", &query, 0, changed(func(m *dns.Msg) { m.Question[0].Name = "no.dev." }), WrongName},
		{"name, parent", &query, 0, changed(func(m *dns.Msg) { m.Question[0].Name = "dev." }), WrongName},
		{"name, child", &query, 0, changed(func(m *dns.Msg) { m.Question[0].Name = "x.go.dev." }), WrongName},
		{"name, other labels of the same octets", &query, 0, bytes(func(b []byte) []byte {
			copy(b[headerLen:], "\x06go\x03dev\x00")
			return b
		}), WrongName},
		{"name, length of the last label", &query, 0, bytes(func(b []byte) []byte { b[headerLen+3] = 2; return b }), WrongName},
		{"name, end", &query, 0, bytes(func(b []byte) []byte { b[headerLen+7] = 1; return b }), WrongName},
		{"case does not matter", &query, 0, changed(func(m *dns.Msg) { m.Question[0].Name = "gO.dEV." }), Passed},
		{"case", &mixCase, 1, changed(func(m *dns.Msg) { m.Question[0].Name = "go.dev." }), WrongCase},
		{"case, as sent", &mixCase, 1, changed(func(m *dns.Msg) { m.Question[0].Name = "Go.dev." }), Passed},
		{"case, other letter", &mixCase, 1, changed(func(m *dns.Msg) { m.Question[0].Name = "GO.dev." }), WrongCase},
		{"type", &query, 0, changed(func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeNS }), WrongType},
		{"class", &query, 0, changed(func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }), WrongType},
		{"counts, authority cut at the edge of the record", &query, 0, good[:end], CutShort},
		{"counts, additional cut at the edge of the record", &query, 0, good[:len(good)-11], CutShort},
		{"counts, answer missing", &query, 0, bytes(func(b []byte) []byte { b[7] = 1; return b }), CutShort},
		{"counts, an answer of nothing", &query, 0, bare(7), CutShort},
		{"counts, an authority record of nothing", &query, 0, bare(9), CutShort},
		{"counts, an additional record of nothing", &query, 0, bare(11), CutShort},
		{"counts, one record more", &query, 0, bytes(func(b []byte) []byte { b[11]++; return b }), CutShort},
		{"record cut in the middle", &query, 0, good[:len(good)-1], Malformed},
		{"record with a length that is wrong", &query, 0, bytes(func(b []byte) []byte { b[end+11]++; return b }), Malformed},
		{"compression loop", &query, 0, bytes(func(b []byte) []byte { b[end], b[end+1] = 0xc0, byte(end); return b }), Malformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, rule := read(nil, test.packet, test.q, queryID, test.mix)
			if rule != test.want && !(test.want == CutShort && rule == Malformed) {
				t.Errorf("%v, want %v", rule, test.want)
			}
		})
	}
}

// TestCheckCut cuts a response at every octet. None of them is one.
func TestCheckCut(t *testing.T) {
	m := response(t)
	m.Answer = mustRR(t, "go.dev. 300 IN DS 1 8 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF")
	m.Extra = append(m.Extra, mustRR(t, "ns.nic.dev. 300 IN A 192.0.2.1")...)
	for _, b := range [][]byte{mustPack(t, response(t)), mustPack(t, m)} {
		for n := range len(b) {
			if r, _, rule := read(nil, b[:n], &query, queryID, 0); rule == Passed {
				t.Errorf("the first %d octets of %d are read as %+v", n, len(b), r)
			}
		}
		if _, _, rule := read(nil, b, &query, queryID, 0); rule != Passed {
			t.Errorf("the whole: %v", rule)
		}
	}
}

func TestReadState(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(m *dns.Msg)
		want   Failure
	}{
		{"complete", func(m *dns.Msg) {}, None},
		{"cut", func(m *dns.Msg) { m.Truncated = true }, Truncated},
		{"slip", func(m *dns.Msg) { m.Truncated, m.Ns = true, nil }, Slipped},
		{"slip without OPT", func(m *dns.Msg) { m.Truncated, m.Ns, m.Extra = true, nil, nil }, Slipped},
		{"cut after the answer", func(m *dns.Msg) {
			m.Truncated, m.Ns = true, nil
			m.Answer = mustRR(t, "go.dev. 300 IN DS 1 8 2 00112233")
		}, Truncated},
	} {
		m := response(t)
		test.change(m)
		r, state, rule := read(nil, mustPack(t, m), &query, queryID, 0)
		if state != test.want || rule != Passed {
			t.Errorf("%s: state %d, %v", test.name, state, rule)
		}
		if state != None && r != (Reply{}) {
			t.Errorf("%s: what is not complete says %+v", test.name, r)
		}
	}
}

func TestRead(t *testing.T) {
	const ds = "go.dev. 300 IN DS 1 8 2 00112233"
	type sections struct{ answer, authority, additional []string }
	none := Reply{SOA: Absent, NS: Absent, Bits: RA | HasOPT}
	reply := func(change func(r *Reply)) Reply {
		r := none
		change(&r)
		return r
	}
	tests := []struct {
		name   string
		rcode  int
		s      sections
		change func(m *dns.Msg)
		want   Reply
	}{
		{"empty", 0, sections{}, nil, none},
		{"denial", 3, sections{authority: []string{devSOA}}, nil, reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL = 3, 1, 300 })},
		{"TTL by the minimum", 3, sections{authority: []string{"dev. 9000 IN SOA a.dev. b.dev. 1 2 3 4 60"}}, nil,
			reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL = 3, 1, 60 })},
		{"SOA in the additional section", 3, sections{additional: []string{devSOA}}, nil, reply(func(r *Reply) { r.Rcode = 3 })},
		{"SOA of the root", 3, sections{authority: []string{". 60 IN SOA a. b. 1 2 3 4 60"}}, nil,
			reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL = 3, 0, 60 })},
		{"SOA in capitals", 3, sections{authority: []string{"DEV. 60 IN SOA a. b. 1 2 3 4 60"}}, nil,
			reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL = 3, 1, 60 })},
		{"SOA of the name", 3, sections{authority: []string{"go.dev. 60 IN SOA a. b. 1 2 3 4 60"}}, nil,
			reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL = 3, 2, 60 })},
		{"SOA below", 3, sections{authority: []string{"x.go.dev. 60 IN SOA a. b. 1 2 3 4 60"}}, nil,
			reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL = 3, Below, 60 })},
		{"SOA of a name that ends the same", 3, sections{authority: []string{"o.dev. 60 IN SOA a. b. 1 2 3 4 60"}}, nil,
			reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL = 3, Elsewhere, 60 })},
		{"two SOAs", 3, sections{authority: []string{devSOA, "com. 300 IN SOA a. b. 1 2 3 4 300"}}, nil,
			reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL = 3, Elsewhere, 300 })},
		{"made-up SOA", 3, sections{authority: []string{"go.dev. 10 IN SOA fake-for-negative-caching.adguard.com. b. 1 2 3 4 60"}}, nil,
			reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL, r.Bits = 3, 2, 10, r.Bits|FakeSOA })},
		{"made-up SOA in capitals", 3, sections{authority: []string{"go.dev. 10 IN SOA Fake-For-Negative-Caching.adguard.com. b. 1 2 3 4 60"}}, nil,
			reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL, r.Bits = 3, 2, 10, r.Bits|FakeSOA })},
		{"SOA of a server that is called nearly so", 3, sections{authority: []string{"go.dev. 10 IN SOA fake-for-negative-caching2.adguard.com. b. 1 2 3 4 60"}}, nil,
			reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL = 3, 2, 10 })},
		{"referral", 0, sections{authority: []string{"go.dev. 60 IN NS a.", "go.dev. 60 IN NS b."}}, nil, reply(func(r *Reply) { r.NS = 2 })},
		{"referral with glue", 0, sections{
			authority: []string{"go.dev. 60 IN NS ns.go.dev."}, additional: []string{"ns.go.dev. 60 IN A 192.0.2.1", "ns.go.dev. 60 IN AAAA 2001:db8::1"},
		}, nil, reply(func(r *Reply) { r.NS = 2 })},
		{"mixed referral", 0, sections{authority: []string{"go.dev. 60 IN NS a.", "dev. 60 IN NS b."}}, nil, reply(func(r *Reply) { r.NS = Elsewhere })},
		{"upward referral", 0, sections{authority: []string{". 60 IN NS a."}}, nil, reply(func(r *Reply) { r.NS = 0 })},
		{"DS", 0, sections{answer: []string{ds}}, nil, reply(func(r *Reply) { r.Answer = AnswerDS })},
		{"DS with signature", 0, sections{answer: []string{ds, "go.dev. 60 IN RRSIG DS 8 2 60 20300101000000 20200101000000 1 dev. AAAA"}}, nil,
			reply(func(r *Reply) { r.Answer = AnswerDS })},
		{"DS of another name", 0, sections{answer: []string{"no.dev. 300 IN DS 1 8 2 00112233"}}, nil, reply(func(r *Reply) { r.Answer = AnswerOther })},
		{"DS of another class", 0, sections{answer: []string{"go.dev. 300 CH TXT x"}}, nil, reply(func(r *Reply) { r.Answer = AnswerOther })},
		{"address", 0, sections{answer: []string{"go.dev. 60 IN A 192.0.2.1"}}, nil, reply(func(r *Reply) { r.Answer = AnswerAddress })},
		{"alias", 3, sections{answer: []string{"go.dev. 60 IN CNAME x."}, authority: []string{devSOA}}, nil,
			reply(func(r *Reply) { r.Answer, r.Rcode, r.SOA, r.TTL = AnswerAlias, 3, 1, 300 })},
		{"alias of a zone", 0, sections{answer: []string{"dev. 60 IN DNAME x."}}, nil, reply(func(r *Reply) { r.Answer = AnswerAlias })},
		{"compact denial", 0, sections{authority: []string{devSOA, "go.dev. 60 IN NSEC \\000.go.dev. RRSIG NSEC TYPE128"}}, nil,
			reply(func(r *Reply) { r.SOA, r.TTL, r.Bits = 1, 300, r.Bits|NXName })},
		{"NXNAME of another name", 0, sections{authority: []string{devSOA, "no.dev. 60 IN NSEC \\000.no.dev. RRSIG NSEC TYPE128"}}, nil,
			reply(func(r *Reply) { r.SOA, r.TTL = 1, 300 })},
		{"NS in the bitmap", 0, sections{authority: []string{devSOA, "go.dev. 60 IN NSEC no.dev. NS RRSIG NSEC"}}, nil,
			reply(func(r *Reply) { r.SOA, r.TTL, r.Bits = 1, 300, r.Bits|Delegates })},
		{"apex in the bitmap", 0, sections{authority: []string{devSOA, "go.dev. 60 IN NSEC no.dev. NS SOA RRSIG NSEC"}}, nil,
			reply(func(r *Reply) { r.SOA, r.TTL = 1, 300 })},
		{"extended RCODE", 0, sections{}, func(m *dns.Msg) { m.Rcode = dns.RcodeBadVers }, reply(func(r *Reply) { r.Rcode = 16 })},
		{"extended error", 3, sections{authority: []string{devSOA}}, func(m *dns.Msg) {
			m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_EDE{InfoCode: 15, ExtraText: "no"}, &dns.EDNS0_EDE{InfoCode: 4}, &dns.EDNS0_EDE{InfoCode: 49152}}
		}, reply(func(r *Reply) { r.Rcode, r.SOA, r.TTL, r.EDE = 3, 1, 300, 1<<15|1<<4 })},
		{"cookie", 0, sections{}, func(m *dns.Msg) {
			m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "00112233445566778899aabbccddeeff"}}
		}, reply(func(r *Reply) { r.Bits |= HasCookie })},
		{"client cookie only", 0, sections{}, func(m *dns.Msg) {
			m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0011223344556677"}}
		}, none},
		{"no OPT, AA", 0, sections{}, func(m *dns.Msg) { m.Extra, m.Authoritative, m.RecursionAvailable = nil, true, false },
			reply(func(r *Reply) { r.Bits = AA })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := response(t)
			m.Rcode = test.rcode
			m.Answer, m.Ns = mustRR(t, test.s.answer...), mustRR(t, test.s.authority...)
			m.Extra = append(m.Extra, mustRR(t, test.s.additional...)...)
			if test.change != nil {
				test.change(m)
			}
			for _, compress := range []bool{true, false} {
				m.Compress = compress
				b := mustPack(t, m)
				got, state, rule := read(nil, b, &query, queryID, 0)
				if rule != Passed || state != None || got != test.want {
					t.Errorf("compress %v: %+v, %v; want %+v", compress, got, rule, test.want)
				}
				whole := query
				whole.Flags |= Whole
				slow := new(dns.Msg)
				if got, _, rule := read(slow, b, &whole, queryID, 0); rule != Passed || got != test.want || len(slow.Ns) != len(m.Ns) {
					t.Errorf("whole: %+v, %v; want %+v", got, rule, test.want)
				}
			}
		})
	}
}

// What comes in large numbers is read without allocating.
func TestReadAllocations(t *testing.T) {
	denial := mustPack(t, response(t))
	m := response(t)
	m.Rcode, m.Ns = 0, mustRR(t, "go.dev. 60 IN NS ns1.go.dev.", "go.dev. 60 IN NS ns2.go.dev.")
	m.Extra = append(m.Extra, mustRR(t, "ns1.go.dev. 60 IN A 192.0.2.1")...)
	referral := mustPack(t, m)
	for _, b := range [][]byte{denial, referral} {
		if n := testing.AllocsPerRun(100, func() { read(nil, b, &query, queryID, 0) }); n != 0 {
			t.Errorf("reading allocates %v times", n)
		}
	}
}

// The root and names of the greatest length are queries like any other.
func TestReadName(t *testing.T) {
	long := ""
	for range 4 {
		long += "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12."
	}
	for _, name := range []string{"", "dev", "a.b.c.d.e.f", long[:len(long)-1]} {
		for _, flags := range []Flags{RD, RD | EDNS, EDNS | Cookie, EDNS | DO | CD, EDNS | MixCase} {
			q := Query{Name: name, Type: dns.TypeNS, Flags: flags}
			var mix uint64
			if flags&MixCase != 0 {
				mix = 0x5555555555555555
			}
			b := appendQuery(nil, &q, 7, mix, []byte("12345678"), -1)
			var m dns.Msg
			if err := m.Unpack(b); err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			opt := m.IsEdns0()
			if m.Id != 7 || m.Response || m.RecursionDesired != (flags&RD != 0) || m.CheckingDisabled != (flags&CD != 0) ||
				(opt != nil) != (flags&EDNS != 0) || opt != nil && (opt.Do() != (flags&DO != 0) || opt.UDPSize() != maxUDP ||
				(len(opt.Option) == 1) != (flags&Cookie != 0)) {
				t.Errorf("%q with flags %b is sent as %v", name, flags, &m)
			}
			m.Response = true
			m.Extra = nil
			if _, _, rule := read(nil, mustPack(t, &m), &q, 7, mix); rule != Passed {
				t.Errorf("%q: %v", name, rule)
			}
		}
	}
}

// Messages are unpacked for those who ask for them, which costs more than to read
// them.
func TestMessageFor(t *testing.T) {
	empty := make([]byte, headerLen)
	full := []byte{7: 1, headerLen - 1: 0} // ANCOUNT=1
	for _, tt := range []struct {
		flags  Flags
		packet []byte
		want   bool
	}{{0, full, false}, {Whole, empty, true}, {Answers, empty, false}, {Answers, full, true}, {Answers | Whole, empty, true}} {
		if got := (&Config{}).messageFor(&Query{Flags: tt.flags}, tt.packet) != nil; got != tt.want {
			t.Errorf("flags %b, packet % x: unpacked: %v", tt.flags, tt.packet, got)
		}
	}
}
