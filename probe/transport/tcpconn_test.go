package transport

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

// The time of a query does not begin while the server answers those before it, up to
// a point; and those before it are not known by the order of the answers.
func TestTCPDeadline(t *testing.T) {
	const timeout = 2 * time.Second
	sent := time.Unix(1000, 0)
	e := NewTCP(Config{Window: 100, Timeout: timeout}, nil).(*tcp)
	for _, test := range []struct {
		name   string
		newest uint64 // of the queries that were answered; this is the 5th
		good   time.Duration
		want   time.Duration
	}{
		{"no answer", 0, -time.Hour, timeout},
		{"an answer before it was sent", 4, -time.Second, timeout},
		{"an answer to one before it", 4, time.Second, time.Second + timeout},
		{"an answer to one after it", 6, time.Second, timeout},
		{"answers to those before it for long", 4, 7 * time.Second, 4 * timeout},
	} {
		c := &tcpConn{e: e, newest: test.newest, good: sent.Add(test.good)}
		if got := c.deadline(&asked{n: 5, sent: sent}).Sub(sent); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	c := newTCPConn(e, nil, nil, nil)
	first, second := c.add(query, sent), c.add(query, sent)
	for _, a := range []*asked{second, first} {
		packet := appendQuery(nil, &query, a.id, 0, nil, -1)
		packet[2] |= 0x80
		if _, _, rule := c.match(packet); rule != Passed {
			t.Fatal(rule)
		}
	}
	if c.newest != second.n {
		t.Errorf("the newest that was answered is the %d., want the %d.", c.newest, second.n)
	}
}

// Over TCP, too, an ID cannot be guessed from the one before.
func TestTCPIDs(t *testing.T) {
	const n = 1000
	e := NewTCP(Config{Window: 100, Timeout: time.Second}, nil).(*tcp)
	c := newTCPConn(e, nil, nil, nil)
	var octets [2]map[byte]bool
	octets[0], octets[1] = map[byte]bool{}, map[byte]bool{}
	rising := 0
	var before uint16
	for range n {
		a := c.add(query, time.Now())
		octets[0][byte(a.id>>8)], octets[1][byte(a.id)] = true, true
		if a.id > before {
			rising++
		}
		before = a.id
		c.drop(a)
	}
	if len(octets[0]) < 200 || len(octets[1]) < 200 || rising < n/4 || rising > n*3/4 {
		t.Errorf("%d and %d different octets, %d of %d IDs are above the one before", len(octets[0]), len(octets[1]), rising, n)
	}
}

// A query for which only messages come that fail a check is told which.
func TestTCPBadResponse(t *testing.T) {
	wrong := dnstest.Wire(func(q *dns.Msg) *dns.Msg {
		m := truth.Resolve(q)
		m.Question[0].Qtype = dns.TypeTXT
		return m
	})
	inBubble(t, "", dnstest.Host{TCP: dnstest.Stream(wrong)}, newTCP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(1, 1))
		if out := b.wait(t, 1)[0]; out.Failure != BadResponse || out.Err != ruleError(WrongType) {
			t.Errorf("%v (%v)", out.Failure, out.Err)
		}
	})
}

// A response with octets after its last record has swallowed another, but for one that
// says itself that it is cut.
func TestWhole(t *testing.T) {
	good := mustPack(t, response(t))
	cut := append([]byte(nil), good...)
	cut[2] |= flagTC >> 8
	for _, test := range []struct {
		name   string
		packet []byte
		want   bool
	}{
		{"whole", good, true},
		{"with a tail", append(good[:len(good):len(good)], 0), false},
		{"with a tail, and TC", append(cut[:len(cut):len(cut)], 0), true},
		{"that ends early", good[:len(good)-1], true}, // said elsewhere
	} {
		if got := whole(test.packet); got != test.want {
			t.Errorf("a response %s: whole: %v", test.name, got)
		}
	}
}

// pipelines makes a server that gives the frames of each connection, which come
// together, to the function with the number of the connection.
func pipelines(serve func(n int, conn net.Conn, names []string, frames [][]byte)) dnstest.Host {
	var conns atomic.Int32
	return dnstest.Host{TCP: func(conn net.Conn) {
		n := int(conns.Add(1))
		for {
			var names []string
			var frames [][]byte
			for {
				conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
				b, err := dnstest.ReadFrame(conn)
				if err != nil {
					break
				}
				var q dns.Msg
				if q.Unpack(b) != nil {
					return
				}
				names, frames = append(names, strings.TrimSuffix(q.Question[0].Name, ".")), append(frames, b)
			}
			if len(frames) == 0 {
				return
			}
			serve(n, conn, names, frames)
		}
	}}
}

func answer(frame []byte) []byte { return honest(frame, netip.AddrPort{})[0].Bytes }

// malformed is a response with a record that cannot be read.
func malformed(frame []byte) []byte {
	b := answer(frame)
	return b[:len(b)-1]
}

// The query whose response makes a connection unreadable is charged for it, and no
// other; none is when the connection has brought good responses before.
func TestTCPCharge(t *testing.T) {
	const n, culprit = 5, 2
	qs := ask(n, 1)
	for _, good := range []bool{false, true} {
		host := pipelines(func(k int, conn net.Conn, names []string, frames [][]byte) {
			for i, name := range names {
				if name != qs[culprit].Name {
					continue
				}
				if k > 3 {
					break
				}
				if k == 2 && !good && i != n-1 {
					t.Errorf("asked again as the %d. of %d, want it behind all others", i+1, n)
				}
				if good && i > 0 {
					conn.Write(dnstest.Frame(answer(frames[0])))
				}
				conn.Write(dnstest.Frame(malformed(frames[i])))
				return
			}
			for _, frame := range frames {
				conn.Write(dnstest.Frame(answer(frame)))
			}
		})
		inBubble(t, fmt.Sprint("good before: ", good), host, newTCP, func(t *testing.T, e Engine, b *box) {
			e.Ask(qs)
			for token, out := range b.wait(t, n) {
				if bad := out.Failure != None; bad != (token == culprit && !good) {
					t.Errorf("token %d: %v (%v) after %d tries", token, out.Failure, out.Err, out.Tries)
				}
			}
		})
	}
}

// When each connection breaks before it has brought a response, all queries on it are
// charged: there are not two connections for each of them.
func TestTCPBarren(t *testing.T) {
	const n = 100
	conns := 0
	host := pipelines(func(k int, conn net.Conn, _ []string, frames [][]byte) {
		conns = k
		conn.Write(dnstest.Frame(malformed(frames[0])))
	})
	inBubble(t, "", host, newTCP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(n, 1))
		for token, out := range b.wait(t, n) {
			if out.Failure != Timeout && out.Failure != BadResponse {
				t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
			}
		}
		if conns > n {
			t.Errorf("%d connections for %d queries", conns, n)
		}
	})
}

// Whatever comes and is no response is noted, until a response comes.
func TestTCPGarbageNoted(t *testing.T) {
	e := NewTCP(Config{Window: 100, Timeout: time.Second}, nil).(*tcp)
	for name, change := range map[string]func(b []byte) []byte{
		"short":         func(b []byte) []byte { return b[:headerLen-1] },
		"another ID":    func(b []byte) []byte { b[0] ^= 1; return b },
		"another class": func(b []byte) []byte { b[len(b)-1] ^= 2; return b },
	} {
		c := newTCPConn(e, nil, nil, nil)
		q := Query{Name: "go.dev", Type: dns.TypeDS}
		a := c.add(q, time.Now())
		good := appendQuery(nil, &q, a.id, 0, nil, -1)
		good[2] |= 0x80
		if c.match(change(append([]byte(nil), good...))); c.garbage.IsZero() {
			t.Errorf("%s: not noted", name)
		}
		if c.match(good); !c.garbage.IsZero() {
			t.Errorf("%s: noted still after a response", name)
		}
	}
}

// Connections that pass in silence count when they are in a row: one that has brought
// a response is none of them, and ends the row.
func TestTCPSilenceInARow(t *testing.T) {
	const n = 300
	host := pipelines(func(k int, conn net.Conn, _ []string, frames [][]byte) {
		for i, frame := range frames {
			if k > 3 || k == 2 && i == 0 {
				conn.Write(dnstest.Frame(answer(frame)))
			}
		}
		if k <= 3 {
			conn.SetReadDeadline(time.Time{})
			io.Copy(io.Discard, conn) // until the client gives up
		}
	})
	inBubble(t, "", host, newTCP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(n, 1))
		if out := b.wait(t, n)[n-1]; out.Failure != None {
			t.Errorf("the last query: %v (%v)", out.Failure, out.Err)
		}
	})
}
