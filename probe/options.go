package probe

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe/resolver"
)

// Options configure a [Prober]. The zero value asks the system's resolvers.
type Options struct {
	// Servers are asked about the names. None means [resolver.System]. One
	// with the transport [resolver.Direct] asks the registries' own servers;
	// the others then only serve to find them. One over HTTPS needs the
	// package domprobe/probe/doh to be imported.
	Servers []resolver.Server

	// ZoneFiles are zone files of registries. A name in one of them is found
	// without a query; any other may be newer than the file, and is asked
	// about. At most one zone is of one TLD.
	ZoneFiles []ZoneFile

	// Offline asks nobody about names: one that is not in the zone file of
	// its TLD is not found, and one without a zone file is unknown. Servers
	// are ignored.
	Offline bool

	// Exchanger, if not nil, carries every query in place of the
	// package's own transports, addressed to Servers.
	Exchanger Exchanger

	// Concurrency is a ceiling on names in flight in one loop, and 65,536 the
	// most. Zero means as many as the servers take: 100 at first, and never
	// fewer while there are so many.
	Concurrency int

	// Rate is a ceiling on queries a second to one server, of all loops of
	// the Prober together. Zero means by
	// what kind the server is: no limit on loopback and private addresses,
	// 1,000 for a public resolver, 100 for a registry's server. Negative
	// means no limit.
	Rate float64

	// Timeout caps the wait for one try; the wait that the measured round
	// trips suggest is usually shorter. Zero means 2 s.
	Timeout time.Duration

	// Outage is how long a name waits for this machine's network, while no
	// server can be reached because of that. Zero means 10 minutes, negative
	// not at all.
	Outage time.Duration

	// Tries is how often one server is asked about a name over UDP, and
	// again over TCP; while a limit on the way swallows queries, up to
	// twice as often. Zero means 3, which is also the most (RFC 9520
	// section 3.1).
	Tries int

	// Quorum is how many different servers must agree about a name. One IP
	// address is one server, over whatever transport; on loopback each port
	// is one. A referral of a registry's own server needs no second. Zero
	// means 1.
	Quorum int

	// Escalate asks the registries' own servers about names that no given
	// server could decide.
	Escalate bool

	// Confirm, if not nil, is asked about every name that the DNS did not
	// find, and about no other. A result then comes when the registry has
	// answered; every other one comes at once. At most 16 names of one TLD
	// ask at the same time, and 16,384 are held in all: while so many
	// are, no more are taken. A not-found name is one that can be had as far
	// as anybody knows if its Reason is [RDAPNotRegistered]: a limit on free
	// names counts those. Nil asks no registry.
	Confirm Confirmer

	// ForSale asks a resolver about every name that is found whether its owner
	// offers it (RFC 10023), and Parked whether its name servers are those of a
	// service that parks names. The result comes when the query has been
	// answered, or has had its tries. Where a registry's own server decided,
	// Parked asks nothing: the referral names the name servers. Offline asks
	// nobody.
	ForSale, Parked bool

	// Dates, if not nil, is asked about every name that is found, for its
	// [Registration], and changes no verdict. Results come as with Confirm,
	// which can be the same and is not asked again.
	Dates Confirmer

	// TLSConfig is the base for TLS and HTTPS servers. Nil means the
	// system's roots.
	TLSConfig *tls.Config

	// Dial opens every connection. Nil means [net.Dialer.DialContext].
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Log receives warnings, each once, and at debug level what the prober
	// decides about its servers. Nil discards it.
	Log *slog.Logger

	// Trace, if not nil, is called with every query and every response.
	// It must not block and must be safe for concurrent use.
	Trace func(Event)
}

// An Exchanger sends one query to one server and returns its response. It
// has the signature of [dns.Client.ExchangeContext], so that a *dns.Client is
// one. It must be safe for concurrent use. It runs on goroutines of the Prober, so that a
// panic in it ends the program.
type Exchanger interface {
	ExchangeContext(ctx context.Context, m *dns.Msg, addr string) (*dns.Msg, time.Duration, error)
}
