package probe

import (
	"time"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// A bench is the evidence about one server and one TLD: what its controls have
// shown, and the verdicts that wait for a look at it. Every verdict lies between
// two looks that the server has passed: one before the query was sent, and one
// after the response came. The canaries of a look leave among the queries, so that
// no more queries are between two looks than a lie may last, however many are under
// way. Names that are sent before the first look is over, and a few after a pause, are
// covered by a look that leaves right behind their queries.
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

	next             *look           // that will cover the queries that are being sent
	looks            int             // under way
	passed           time.Time       // when the last look passed
	proven           map[string]bool // names that exist and were not denied, as far as they count
	fresh            int             // labels asked about until enough are proven
	founds, verdicts int             // since the server was last measured
	waiting          []parked        // responses that wait for the controls
	later            []parked        // queries that are not sent before the controls have settled
	flying           int             // queries about names under way
	refused          int             // names one after the other that it refused, or failed to answer
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
	parked  string // the service whose name servers the registry's referral names
}

// A look is one look at a server, with the verdicts that it decides about.
type look struct {
	trust.Look
	bench    *bench
	early    bool // it covers queries, whose responses may come when it is over
	behind   int  // queries behind which it leaves
	least    int  // names that exist and must not be denied, whatever was shown before
	votes    []vote
	since    time.Time // when the first of them came
	sent     bool      // or dropped before that
	out      int       // canaries under way
	disputed int       // names, about which a third server is asked
	found    string    // the last fresh label that the server has found
	by       *server   // that has denied it; nil if nobody has
	came     []witness // that are to be marked once the controls have settled
	passed   time.Time // when; it waits for looks before it
	over     bool
	good     bool // its verdicts count
}

// among reports whether the canaries leave behind the queries that wait, and not ahead
// of them.
func (l *look) among() bool { return l.early || l.behind > 0 }

// A witness is a canary with its response.
type witness struct {
	kind  trust.Canary
	name  string
	by    *server // by whose word alone the name exists, or does not; nil if there is none
	flags transport.Flags
	query trust.Query
	d     trust.Response
}

// believed reports whether the server can be asked for verdicts.
func (b *bench) believed() bool { return b.finding.Standing == trust.Passed && !b.ready }

// undecided reports whether responses have to wait for the controls.
func (b *bench) undecided() bool { return b.finding.Standing < trust.Passed || b.ready }

// unproven reports whether a server may still be one that denies only some names. A few names
// of a TLD are not delayed for that.
func (e *evidence) unproven(b *bench) bool {
	z := b.zone
	many := e.bulk && len(z.servers) > 1 && z.tld != nil && z.tld.lookups >= manyNames
	return (z.isCrowd() || many) && len(b.proven) < atFirst
}

// lied reports whether the last look at the server failed because of a lie.
func (b *bench) lied() bool {
	return b.finding.Reason == DeniesKnown || b.finding.Reason == Hijacked
}

// prove notes that a name exists, or one above it, and was not denied.
func (b *bench) prove(name string) {
	if b.proven == nil {
		b.proven = map[string]bool{}
	}
	b.proven[lastLabels(name, int(b.zone.labels)+1)] = true
}

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

// relapsed reports whether the server was believed before and is being looked
// at again: names are not asked beside the look, as a cache before a server that
// lies would keep the lies.
func (b *bench) relapsed() bool { return b.undecided() && b.fails > 0 && !b.passed.IsZero() }

// holds reports whether verdicts wait for a look that has not been sent.
func (b *bench) holds() bool { return b.next != nil && len(b.next.votes) > 0 }

// idle reports whether nothing is asked of the server, and has not been for a
// while.
func (b *bench) idle(now time.Time) bool {
	return b.flying == 0 && b.looks == 0 && !b.holds() && now.Sub(b.passed) > idleAfter
}

// trustQuery is a query about a name as the rules take it.
func (b *bench) trustQuery(name string, qtype uint16, flags transport.Flags) trust.Query {
	return trust.Query{
		Name: depth(name), Qtype: qtype, Flags: flags, Registry: b.server.registry, Belief: b.finding.Belief,
	}
}

// When a look is sent: behind so many queries, for so many verdicts, or when they have
// waited so long. The round trip comes on top.
const (
	lookEvery = 225 // since the last look at the server
	lookMost  = 450 // verdicts, in a crowd
	lookFor   = 600 * time.Millisecond
	lookLong  = 2000 * time.Millisecond // in a crowd
	lookFew   = 300                     // for so few, a look asks one canary of each kind
	idleAfter = 50 * time.Millisecond

	// A server that lies about only some names is found out by asking it about many.
	atFirst = 16 // names, as soon as so many are at hand, and fresh labels
	lagMost = 28 // names more, if it finds fewer or more than the others

	// So many names of a TLD that are under way are worth that without a crowd.
	manyNames = 32

	// A crowd is more servers than anybody knows well.
	crowd     = 16
	crowdEach = 4 // names in each look, but one for each crowd of verdicts at most
	freshEach = 4 // looks of a server there, of which one asks about a fresh label

	maxEarly = 16 // looks that are under way before the names of a turn get none of their own

	// So many names after a pause are covered by the look that leaves right behind them, and
	// no more: a busy server takes queries in another order, and may begin to lie meanwhile.
	earlyFew = 16
)
