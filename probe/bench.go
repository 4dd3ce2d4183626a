package probe

import (
	"time"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// A bench is the evidence about one server and one TLD: what its controls have
// shown, and the verdicts that wait for the next look at it. Every verdict lies
// between two looks that the server has passed, one before the query was sent
// and one after the response came. Queries that are sent while the first look is
// under way need no second one: its responses come as late as theirs.
type bench struct {
	zone   *zone
	server *server

	controls trust.Controls
	finding  trust.Finding
	qtype    uint16    // of the queries that decide
	left     int       // controls under way
	ready    bool      // they are answered, and nothing has followed from it yet
	settled  time.Time // when they passed, in this loop
	again    time.Time // when a server that failed is looked at again; zero is never
	fails    int       // looks that failed one after the other
	exists   *delivery // the response to the first control, for plans

	first   *look     // the look that covers the queries that are sent now
	passed  time.Time // when the last look passed
	waiting []parked  // responses that wait for the controls
	open    []vote    // verdicts that wait for a look
	opened  time.Time // when the first of them came
	running []*look   // looks under way
	flying  int       // queries about names under way
	waiter  bool      // is in evidence.idle
}

// A parked response waits for the controls of its server.
type parked struct {
	i   uint32 // query
	seq uint32
	d   delivery
}

// A vote is the verdict of one server about one name.
type vote struct {
	i, seq  uint32 // query
	bench   *bench
	verdict Verdict
	reason  Reason
	rcode   int
	rtt     time.Duration
	ttl     time.Duration
}

// A look is one look at a server, with the verdicts that it decides about.
type look struct {
	trust.Look
	bench *bench
	votes []vote
	out   int // canaries under way
	over  bool
	good  bool // it has passed
}

// believed reports whether the server can be asked for verdicts.
func (b *bench) believed() bool { return b.finding.Standing == trust.Passed }

// undecided reports whether responses have to wait for the controls.
func (b *bench) undecided() bool { return b.finding.Standing < trust.Passed }

// query is how to ask about a name.
func (b *bench) query() (qtype uint16, flags transport.Flags) {
	if b.server.registry {
		flags = transport.Cookie
	} else {
		flags = transport.RD
	}
	if !b.server.noEDNS {
		flags |= transport.EDNS
	}
	if b.finding.Signed {
		flags |= transport.DO | transport.EDNS
	}
	if b.server.mixes {
		flags |= transport.MixCase
	}
	return b.qtype, flags
}

// trustQuery is a query about a name as the rules take it.
func (b *bench) trustQuery(name string, qtype uint16, flags transport.Flags) trust.Query {
	return trust.Query{
		Name: depth(name), Qtype: qtype, Flags: flags, Registry: b.server.registry, Belief: b.finding.Belief,
	}
}

// How long verdicts wait for a look: at most so many of them, so long. The
// round trip of the look comes on top.
const (
	openMost  = 900
	openFor   = 700 * time.Millisecond
	openFew   = 200 // of so few, a look asks one canary of each kind
	idleAfter = 50 * time.Millisecond
)
