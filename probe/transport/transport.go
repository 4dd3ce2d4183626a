// Package transport carries queries to one server and brings back what the
// server said, without deciding what it means.
//
// The seam is [Engine]: slices of queries go in, slices of settled outcomes
// come out, so that a million names need no goroutine, timer or channel
// operation each. The engines:
//
//   - [NewUDP] (udp.go): workers that own connected sockets (worker.go, send.go,
//     receive.go, clock.go), slots indexed by message ID (slots.go), single packets and
//     batches of them (socket_linux.go, batch_linux.go, with a portable fallback), one
//     socket for many servers that are asked little (shared_linux.go, place_linux.go,
//     outbox_linux.go, recverr_linux.go),
//     retransmission by measured round trips and a window that follows goodput
//     (control.go, pace.go).
//   - [NewTCP] (tcp.go): TCP and TLS connections (tcpconn.go, tcpread.go,
//     tcploss.go) that are kept open and pipelined (RFC 7766, RFC 7858), as far as the
//     server lets them (tcpwindow.go, quota.go).
//   - [NewExchange] (pool.go): a bounded number of goroutines that each send one
//     query by a function of the caller's, and go from server to server (crew.go).
//   - [NewCarrier] (carrier.go): the same over a protocol that carries DNS messages
//     and can refuse for a while (gate.go). [NewHTTPS] is one, if the program
//     imports domprobe/probe/doh.
//
// Every packet goes through the same checks before it is a response. The function
// read (reply.go) holds them: the ID, QR, the opcode, the question as it was sent,
// and every record that the header counts (RFC 5452 section 9, RFC 2181). A caller's
// own exchanger brings messages that are unpacked, which go through as many of them
// as that allows. A message that fails a check is ignored and the wait goes on; it
// never ends the wait. What passes is a [Reply], a few words that hold all that the
// verdict rules need; owner names are reduced to how many labels they share with the
// question.
package transport

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// Flags of a query.
type Flags uint16

const (
	RD      Flags = 1 << iota // recursion desired (RFC 1035 section 4.1.1)
	CD                        // checking disabled (RFC 4035 section 3.2.2)
	DO                        // DNSSEC OK (RFC 3225)
	EDNS                      // with an OPT record (RFC 6891)
	Cookie                    // with a DNS cookie (RFC 7873)
	MixCase                   // letters in random case, to be echoed exactly
	Whole                     // the outcome is to hold the whole message
	Urgent                    // sent ahead of what waits
	Patient                   // the last try waits the whole timeout, unless the network loses much
	Answers                   // as Whole, if the response has an answer section
	Behind                    // over UDP, sent when all queries that waited before it have been sent
)

// A Query is what to ask. The server is the engine's.
type Query struct {
	Token   uint32 // the caller's, given back in the outcome
	Type    uint16
	Flags   Flags
	Tries   uint8  // how often it may be lost; zero means once. It is sent twice as often at most
	Backoff uint8  // how often the first wait is doubled
	sent    uint8  // how often it was sent
	charged uint16 // what it has used up of its tries, in halves of one
	Name    string // lower case, without a final dot; "" is the root
}

// What a query is charged. That a connection breaks may be another query's doing.
const (
	halfTry = 1
	aTry    = 2
)

// charge charges a query, and reports whether it has had its tries.
func (q *Query) charge(halves uint16) (spent bool) {
	q.charged += halves
	return int(q.charged) >= aTry*max(int(q.Tries), 1)
}

// A Failure says why there is no reply.
type Failure uint8

const (
	None        Failure = iota
	Timeout             // no response in time
	BadResponse         // only responses that failed a check came in time
	Truncated           // TC=1: to be asked over TCP
	Slipped             // TC=1 with nothing in it, as a rate limit answers
	Unreachable         // the server cannot be reached, or refuses the connection
	Closed              // the engine was closed
	Offline             // this machine cannot send: no route, no address, interface down, no descriptor
)

var failureTexts = [...]string{
	None: "none", Timeout: "no response in time", BadResponse: "no response that passed the checks",
	Truncated: "truncated", Slipped: "truncated to nothing, as by a rate limit",
	Unreachable: "unreachable", Closed: "closed", Offline: "this machine has no way to it",
}

func (f Failure) String() string { return failureTexts[f] }

// An Outcome is what became of one query.
//
// Forged counts the responses over UDP that came to the query's socket since its
// last outcome and named a wrong ID, name, type or cookie. A response to a query that
// this socket asked under this ID is not among them, whether it comes late, comes
// twice or spells the name in another way.
type Outcome struct {
	Token   uint32
	Tries   uint8 // how often it was sent
	Failure Failure
	Reply   Reply  // if Failure is None
	Forged  uint16 // forged responses that were ignored since the outcome before it

	// RTT is the time from the last time the query was sent to the response that
	// was accepted, one that is truncated included. Without such a response it is
	// zero: what failed the checks says nothing about how fast the server is.
	RTT time.Duration

	Err error    // the detail of a Failure, where there is one
	Msg *dns.Msg // if the query asked for the whole message, or a trace runs
}

// An Engine asks one server.
type Engine interface {
	// Ask takes queries over and returns at once. Each of them has exactly
	// one outcome, given to [Config.Deliver]. The caller bounds how many
	// are under way. The slice is the caller's again when Ask returns.
	Ask(qs []Query)

	// Stats may be called at any time, also after Close.
	Stats() Stats

	// Close settles what is under way as [Closed], and returns when no
	// goroutine and no socket of the engine is left.
	Close() error
}

// Config is what every engine needs.
type Config struct {
	// Addr is the server's "host:port".
	Addr string

	// Dial opens connections. Nil means [net.Dialer.DialContext].
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Deliver receives outcomes, from several goroutines. It must not block,
	// and must not keep the slice.
	Deliver func([]Outcome)

	// Window is how many queries may be under way at the server.
	Window int

	// Timeout caps the wait for one try.
	Timeout time.Duration

	// Sockets bounds the open sockets. Engines of one program share it. Nil
	// means no bound. The engine over HTTPS keeps its own connections.
	Sockets *Sockets

	// Shared, if not nil, is sockets that the engines of many servers share while each
	// is asked little: see [Shared].
	Shared *Shared

	// Idle is how long a socket that nothing is asked over stays open. Zero
	// means until Close.
	Idle time.Duration

	// Crew sends the queries of engines that send each by a function. Whoever gives one
	// waits for it when the engines are closed. Nil means one of the engine's own.
	Crew *Crew

	// Limit bounds the queries a second. Engines of one server share one.
	// Nil means no bound.
	Limit *Limit

	// Waiting, if not nil, is how many queries without the flag Urgent the
	// engines have been given and have not sent yet. They share it.
	Waiting *atomic.Int64

	// Trace, if not nil, is called for every query sent and for every
	// message that is not taken for a response.
	Trace func(Event)
}

// An Event is a query sent, or a message that failed a check.
type Event struct {
	Name string
	Type uint16
	Rule string   // the check that failed; empty for a query
	Msg  *dns.Msg // the message, if it could be read at all
}

func (c *Config) dial(ctx context.Context, network string) (net.Conn, error) {
	if c.Dial != nil {
		return c.Dial(ctx, network, c.Addr)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, c.Addr)
}

func (c *Config) deliver(out []Outcome) {
	if len(out) > 0 {
		c.Deliver(out)
	}
}

// messageFor is where a packet, which has a header, is to be unpacked that may be
// the response to a query, and nil if it need not be.
func (c *Config) messageFor(q *Query, packet []byte) *dns.Msg {
	if q.Flags&Whole != 0 || q.Flags&Answers != 0 && be16(packet, 6) > 0 || c.Trace != nil {
		return new(dns.Msg)
	}
	return nil
}

func (c *Config) traceSent(q *Query) {
	if c.Trace != nil {
		c.Trace(Event{Name: q.Name, Type: q.Type})
	}
}

func (c *Config) traceIgnored(q *Query, rule Rule, packet []byte) {
	if c.Trace == nil {
		return
	}
	ev := Event{Rule: rule.String()}
	if q != nil {
		ev.Name, ev.Type = q.Name, q.Type
	}
	var m dns.Msg
	if m.Unpack(packet) == nil {
		ev.Msg = &m
	}
	c.Trace(ev)
}
