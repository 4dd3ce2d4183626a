package transport

import (
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// A section is one of a message's: its count is at 6+2*section in the header.
type section int

const (
	authority  section = 1
	additional section = 2
)

// with appends a record in wire form to a response that has none but its
// question.
func with(t *testing.T, records ...wireRecord) []byte {
	m := response(t)
	m.Ns, m.Extra = nil, nil
	b := mustPack(t, m)
	for _, r := range records {
		b = append(b, r.owner...)
		b = append(b, byte(r.typ>>8), byte(r.typ), byte(r.class>>8), byte(r.class), 0, 0, 0, 60, byte(len(r.data)>>8), byte(len(r.data)))
		b = append(b, r.data...)
		b[7+2*r.in]++
	}
	return b
}

// A wireRecord is a record in wire form.
type wireRecord struct {
	in         section
	owner      string
	typ, class uint16
	data       string
}

const (
	atName = "\xc0\x0c"       // the question's name
	atTLD  = "\xc0\x0f"       // its parent
	nsData = "\x02ns\xc0\x0c" // ns.go.dev
)

var soaData = atTLD + atTLD + strings.Repeat("\x00\x00\x00\x3c", 5)

// What is not perfectly regular is not read by the fast path.
func TestReadFastRefuses(t *testing.T) {
	const in, ch = dns.ClassINET, dns.ClassCHAOS
	label := "\x3f" + strings.Repeat("a", 63)
	opt := wireRecord{additional, "\x00", dns.TypeOPT, maxUDP, ""}
	cookie := func(n int) wireRecord {
		return wireRecord{additional, "\x00", dns.TypeOPT, maxUDP, fmt.Sprintf("\x00\x0a\x00%c%s", n, strings.Repeat("c", n))}
	}
	for _, test := range []struct {
		name    string
		takes   bool
		records []wireRecord
	}{
		{"SOA", true, []wireRecord{{authority, atTLD, dns.TypeSOA, in, soaData}}},
		{"SOA of another class", false, []wireRecord{{authority, atTLD, dns.TypeSOA, ch, soaData}}},
		{"SOA with a tail", false, []wireRecord{{authority, atTLD, dns.TypeSOA, in, soaData + "\x00"}}},
		{"SOA with four numbers", false, []wireRecord{{authority, atTLD, dns.TypeSOA, in, soaData[:len(soaData)-4]}}},
		{"NS", true, []wireRecord{{authority, atName, dns.TypeNS, in, nsData}}},
		{"NS of another class", false, []wireRecord{{authority, atName, dns.TypeNS, ch, nsData}}},
		{"NS with a tail", false, []wireRecord{{authority, atName, dns.TypeNS, in, nsData + "\x00"}}},
		{"NS without data", false, []wireRecord{{authority, atName, dns.TypeNS, in, ""}}},
		{"owner of 255 octets", true, []wireRecord{{authority, label + label + label + "\x3d" + label[1:62] + "\x00", dns.TypeNS, in, nsData}}},
		{"owner of 256 octets", false, []wireRecord{{authority, label + label + label + "\x3e" + label[1:63] + "\x00", dns.TypeNS, in, nsData}}},
		{"owner of 256 octets by a pointer", false, []wireRecord{{authority, label + label + label + "\x37" + label[1:56] + atName, dns.TypeNS, in, nsData}}},
		{"data of 256 octets", false, []wireRecord{{authority, atName, dns.TypeNS, in, label + label + label + "\x3e" + label[1:63] + "\x00"}}},
		{"owner that another record has", true, []wireRecord{
			{authority, "\x01x\x03com\x00", dns.TypeNS, in, nsData}, {authority, "\xc0\x18", dns.TypeSOA, in, soaData},
		}},
		{"owner within a label of the question", false, []wireRecord{{authority, "\xc0\x0d", dns.TypeNS, in, nsData}}},
		{"A", true, []wireRecord{{additional, atName, dns.TypeA, in, "\xc0\x00\x02\x01"}}},
		{"A of 3 octets", false, []wireRecord{{additional, atName, dns.TypeA, in, "\xc0\x00\x02"}}},
		{"A of 5 octets", false, []wireRecord{{additional, atName, dns.TypeA, in, "\xc0\x00\x02\x01\x00"}}},
		{"A of another class", false, []wireRecord{{additional, atName, dns.TypeA, ch, "\xc0\x00\x02\x01"}}},
		{"AAAA", true, []wireRecord{{additional, atName, dns.TypeAAAA, in, strings.Repeat("\x20", 16)}}},
		{"AAAA of 4 octets", false, []wireRecord{{additional, atName, dns.TypeAAAA, in, "\xc0\x00\x02\x01"}}},
		{"AAAA of another class", false, []wireRecord{{additional, atName, dns.TypeAAAA, ch, strings.Repeat("\x20", 16)}}},
		{"AAAA of 17 octets", false, []wireRecord{{additional, atName, dns.TypeAAAA, in, strings.Repeat("\x20", 17)}}},
		{"OPT", true, []wireRecord{opt}},
		{"OPT of another owner", false, []wireRecord{{additional, atName, dns.TypeOPT, maxUDP, ""}}},
		{"two OPTs", false, []wireRecord{opt, opt}},
		{"OPT in the authority section", false, []wireRecord{{authority, "\x00", dns.TypeOPT, in, ""}}},
		{"half an option", false, []wireRecord{{additional, "\x00", dns.TypeOPT, maxUDP, "\x00\x0a\x00"}}},
		{"an option cut", false, []wireRecord{{additional, "\x00", dns.TypeOPT, maxUDP, "\x00\x0a\x00\x09cccccccc"}}},
		{"an extended error of one octet", false, []wireRecord{{additional, "\x00", dns.TypeOPT, maxUDP, "\x00\x0f\x00\x01e"}}},
		{"cookie of 0 octets", false, []wireRecord{cookie(0)}},
		{"cookie of 7 octets", false, []wireRecord{cookie(7)}},
		{"cookie of 8 octets", true, []wireRecord{cookie(8)}},
		{"cookie of 40 octets", true, []wireRecord{cookie(40)}},
		{"cookie of 41 octets", false, []wireRecord{cookie(41)}},
		{"another type", false, []wireRecord{{authority, atName, dns.TypeTXT, in, "\x01x"}}},
	} {
		packet := with(t, test.records...)
		end, rule := checkHead(packet, &query, queryID, 0)
		if rule != Passed {
			t.Fatal(rule)
		}
		fast, ok := readFast(packet, end)
		if ok != test.takes {
			t.Errorf("%s: taken %v", test.name, ok)
		}
		if slow, rule := readSlow(new(dns.Msg), packet, &query); ok && (rule != Passed || fast != slow) {
			t.Errorf("%s: %+v by the fast path, %+v (%v) by the other", test.name, fast, slow, rule)
		}
	}
}

// A cookie of no valid length is nobody's.
func TestReadShortCookie(t *testing.T) {
	m := response(t)
	for octets := range 42 {
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: strings.Repeat("ab", octets)}}
		if got, want := Summarize(m, "go.dev").Bits&HasCookie != 0, octets >= minCookieLen; got != want {
			t.Errorf("%d octets: a server cookie: %v", octets, got)
		}
	}
}

// nsec3 makes an NSEC3 record of dev from one hash to another, with NS in its
// bitmap. An empty hash stands for that of go.dev.
func nsec3(from, to string, iterations uint16) string {
	if from == "" {
		from = dns.HashName("go.dev.", dns.SHA1, iterations, "")
	}
	return fmt.Sprintf("%s.dev. 60 IN NSEC3 1 0 %d - %s NS", from, iterations, to)
}

// Only the record at the name says what is there: one that covers it proves that
// there is nothing.
func TestReadBitmapOwner(t *testing.T) {
	low, high := strings.Repeat("0", 32), strings.Repeat("V", 32)
	for _, test := range []struct {
		name   string
		record string
		class  uint16
		want   Bits
	}{
		{"NSEC3 that matches", nsec3("", high, 0), dns.ClassINET, Delegates},
		{"NSEC3 that covers", nsec3(low, high, 0), dns.ClassINET, 0},
		{"NSEC3 that covers, the last", nsec3(high, high, 0), dns.ClassINET, 0},
		{"NSEC3 that matches, of another class", nsec3("", high, 0), dns.ClassCHAOS, 0},
		{"NSEC3 that matches, of another zone", strings.Replace(nsec3("", high, 0), ".dev.", ".com.", 1), dns.ClassINET, 0},
		{"NSEC3 of the most iterations", nsec3("", high, maxIterations), dns.ClassINET, Delegates},
		{"NSEC3 of more iterations", nsec3("", high, maxIterations+1), dns.ClassINET, 0},
		{"NSEC that matches", "go.dev. 60 IN NSEC no.dev. NS", dns.ClassINET, Delegates},
		{"NSEC that covers", "ga.dev. 60 IN NSEC no.dev. NS", dns.ClassINET, 0},
		{"NSEC that matches, of another class", "go.dev. 60 IN NSEC no.dev. NS", dns.ClassCHAOS, 0},
	} {
		m := response(t)
		m.Ns = append(m.Ns, mustRR(t, test.record)...)
		m.Ns[1].Header().Class = test.class
		q := query
		q.Flags |= DO
		reply, _, rule := read(nil, mustPack(t, m), &q, queryID, 0)
		if rule != Passed || reply.Bits&Delegates != test.want {
			t.Errorf("%s: %v, %+v", test.name, rule, reply)
		}
	}
}

// What the answer section says at the name is of the Internet class.
func TestReadAnswerClass(t *testing.T) {
	for record, want := range map[string]Answer{
		"go.dev. 60 %s DS 1 8 2 00112233":   AnswerDS,
		"go.dev. 60 %s NS ns.go.dev.":       AnswerNS,
		"go.dev. 60 %s SOA a. b. 1 2 3 4 5": AnswerSOA,
	} {
		for class, want := range map[string]Answer{"IN": want, "CH": AnswerOther} {
			m := response(t)
			m.Answer = mustRR(t, fmt.Sprintf(record, class))
			if got := Summarize(m, "go.dev").Answer; got != want {
				t.Errorf("%s of class %s: %b, want %b", record, class, got, want)
			}
		}
	}
}

// So is what the authority section says of it.
func TestReadAuthorityClass(t *testing.T) {
	for class, want := range map[string]Depth{"IN": 2, "CH": Elsewhere} {
		m := response(t)
		m.Ns = mustRR(t, fmt.Sprintf("go.dev. 60 %s NS ns.go.dev.", class), fmt.Sprintf("go.dev. 60 %s SOA a. b. 1 2 3 4 5", class))
		if got := Summarize(m, "go.dev"); got.NS != want || got.SOA != want {
			t.Errorf("class %s: NS at %d, SOA at %d, want %d", class, got.NS, got.SOA, want)
		}
	}
}

// Every letter of a name has a bit of its own, up to the 64th.
func TestMixedBits(t *testing.T) {
	q := Query{Name: strings.Repeat("a", 63) + "." + strings.Repeat("b", 40), Type: dns.TypeDS, Flags: MixCase}
	for bit := range 64 {
		mix := uint64(1) << bit
		b := appendQuery(nil, &q, 7, mix, nil, -1)
		for i := range q.Name {
			c := b[headerLen+1+i]
			if upper := c >= 'A' && c <= 'Z'; q.Name[i] != '.' && upper != (i%64 == bit) {
				t.Fatalf("bit %d: letter %d is %q", bit, i, c)
			}
		}
		b[2] |= 0x80
		if _, _, rule := read(nil, b, &q, 7, mix); rule != Passed {
			t.Errorf("bit %d: %v", bit, rule)
		}
		if _, _, rule := read(nil, b, &q, 7, mix^1<<(bit^32)); rule != WrongCase && bit^32 != 63 {
			t.Errorf("the bit 32 from %d: %v", bit, rule)
		}
	}
}
