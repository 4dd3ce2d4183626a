// Package dnstest runs DNS servers inside the process, for tests and benchmarks.
// Those with sockets listen on the loopback interface only.
//
// A [Truth] knows the registered names and their zones. It responds as a healthy
// recursive resolver ([Truth.Resolve]) or as the registry's authoritative server
// ([Truth.Delegate]). Responses to single queries are built with [NXDomain],
// [NoData], [Referral], ... Servers take any function that takes a query and
// returns a response: [Block] and [Turncoat] make one of two others, and [Forward]
// one of another server.
//
// Which server does a test take?
//
//   - [Net], a network in memory: for delays, losses and deadlines in the fake
//     time of testing/synctest, and for whatever needs no real socket. [Wire] and
//     [Stream] put a function on a [Host].
//   - [Serve] with [Answer]: for a client that needs a real socket, such as a
//     built command. A function that waits makes a slow server, one that returns
//     nil a silent one.
//   - [Host.Start]: a host of a Net on a real socket, for bytes that no DNS library
//     would send, for responses from the wrong address, and for [Forged] ones.
//   - [Closed]: a port at which nobody listens.
//   - [Fast]: for benchmarks of the client. It responds from a hash of the label,
//     in batches. cmd/fastdns runs it as a command, and cmd/bench measures the
//     built command against it.
//   - [Many]: a list of resolvers of all kinds, on a Net or on loopback.
//   - Package daemon: real servers (NSD, Knot, BIND, Unbound, dnsmasq and
//     systemd-resolved), and a small internet of them.
//
// Package crowd has many clients of one HTTP server, package chromium a browser.
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

	Zones = dnsserver.Zones

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
