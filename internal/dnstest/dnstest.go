// Package dnstest is the other side of the wire: DNS servers that run inside
// the process, for tests and benchmarks. None of them reaches beyond the
// loopback interface.
//
// A [Truth] says what exists: which names are registered, in which zones. It
// answers a question as a healthy recursive resolver ([Truth.Resolve]) or as
// the registry's own server ([Truth.Delegate]) would, and so do the servers
// made of it:
//
//   - [Serve] runs any [Handler] on a loopback port, over UDP and TCP. Tests
//     wrap the handler of a Truth with the fault that they are about, or
//     build responses one by one: [NXDomain], [NoData], [Referral], ...
//   - [ServeRaw] is for responses that no DNS library would send: the test
//     writes the bytes.
//   - [Fast] answers from a hash of the label, in batches, faster than a client
//     can ask, so that a benchmark measures the client. cmd/fastdns runs it as
//     a command.
//   - [Proxy] stands between a client and a server and delays or loses
//     datagrams.
//   - [Net] is a network in memory, whose delays are those of package time and
//     which therefore works with fake time in a testing/synctest bubble.
//
// Package daemon, below this one, starts the servers that a user would meet
// in the wild: NSD, Knot, BIND, Unbound, dnsmasq and systemd-resolved.
package dnstest

import "domprobe/internal/dnsserver"

// The servers and responses that the program itself has, too.
type (
	Handler = dnsserver.Handler
	Server  = dnsserver.Server
	Truth   = dnsserver.Truth
)

var (
	Answer  = dnsserver.Answer
	Serve   = dnsserver.Serve
	ServeAt = dnsserver.ServeAt

	Resolver = dnsserver.Resolver
	Zones    = dnsserver.Zones

	Address  = dnsserver.Address
	CNAME    = dnsserver.CNAME
	NoData   = dnsserver.NoData
	NS       = dnsserver.NS
	NXDomain = dnsserver.NXDomain
	Rcode    = dnsserver.Rcode
	Referral = dnsserver.Referral
	SOA      = dnsserver.SOA
	Truncate = dnsserver.Truncate
)
