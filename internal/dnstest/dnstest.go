// Package dnstest runs DNS servers inside the process, for tests and benchmarks.
// They listen on the loopback interface only.
//
// A [Truth] knows the registered names and their zones. It responds as a healthy
// recursive resolver ([Truth.Resolve]) or as the registry's authoritative server
// ([Truth.Delegate]). The servers of the package are:
//
//   - [Serve] serves any [Handler] on a loopback port, over UDP and TCP. Tests
//     add a fault to the handler of a Truth, or build single responses with
//     [NXDomain], [NoData], [Referral], ...
//   - [ServeRaw] sends bytes, for responses that no DNS library would send.
//   - [Fast] responds from a hash of the label, in batches, faster than a client
//     can send queries, so that a benchmark measures the client. cmd/fastdns is
//     the command.
//   - [Proxy] delays or loses datagrams between a client and a server.
//   - [Net] is a network in memory. Its delays are those of package time, so that
//     it works with the fake time of testing/synctest.
//
// Package daemon starts real servers: NSD, Knot, BIND, Unbound, dnsmasq and
// systemd-resolved.
package dnstest

import "domprobe/internal/dnsserver"

// The servers and responses of package dnsserver.
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
