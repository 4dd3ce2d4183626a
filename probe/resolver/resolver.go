// Package resolver says what a --resolver string means: which servers, spoken
// to over which transport. It asks no DNS question of its own.
//
// [Parse] turns one string into servers:
//
//	system                      every nameserver of /etc/resolv.conf
//	1.1.1.1, 1.1.1.1:5353       an address, over UDP; port 53 unless given
//	2001:db8::1, [2001:db8::1]:5353, fe80::1%eth0
//	udp://HOST[:53]             UDP, and TCP where a response was truncated
//	tcp://HOST[:53]             TCP only
//	tls://HOST[:853]            DNS over TLS
//	https://HOST/dns-query      DNS over HTTPS
//	cloudflare, google, quad9   well-known public resolvers, over UDP
//	@FILE                       one of the above on each line, # comments
//	direct                      the registries' own servers
//	demo                        the registry built into the program
//
// Several may stand in one string, separated by commas; what begins with @ or
// https:// goes on to the end of a string that it begins. [ParseAll] does the
// same for a list of strings and folds repeats. A string that means nothing
// gives a [*ParseError]; a file that cannot be read gives the file system's
// error.
//
// The files of the package, in the order in which a string passes through them:
//
//	resolver.go   Transport, Server: the result
//	parse.go      Parse, ParseAll, ParseError: strings
//	preset.go     the well-known names
//	system.go     System: what the machine is configured with
//	resolve.go    Resolve: host names to addresses, once, before the run
package resolver

import (
	"net"
	"net/netip"
)

// A Transport is how a question travels to a server.
type Transport string

const (
	UDP    Transport = "udp"    // RFC 1035, with TCP when a response is truncated
	TCP    Transport = "tcp"    // RFC 7766
	TLS    Transport = "tls"    // RFC 7858
	HTTPS  Transport = "https"  // RFC 8484
	Direct Transport = "direct" // the registries' own servers
	Demo   Transport = "demo"   // the registry built into the program
)

// A Server is something that can be asked. Servers are comparable; two that
// differ in Origin only are the same server.
type Server struct {
	Transport Transport

	// Addr is "host:port" and holds an IP address once [Resolve] has run.
	// It is empty for Direct and Demo.
	Addr string

	// Host is the name that the server's certificate must carry, for TLS
	// and HTTPS: a host name or an IP address.
	Host string

	// URL is the endpoint of an HTTPS server.
	URL string

	// Origin is what the user wrote, or "system".
	Origin string
}

// String returns the server as results name it: "9.9.9.9:53" for UDP, a URL
// for the rest.
func (s Server) String() string {
	switch s.Transport {
	case UDP:
		return s.Addr
	case HTTPS:
		return s.URL
	case Direct, Demo:
		return string(s.Transport)
	}
	return string(s.Transport) + "://" + s.Addr
}

// Local reports whether the server is on this machine or its own network: a
// loopback, private (RFC 1918, RFC 4193), link-local or unspecified address,
// the host name localhost, or Demo. A host name that [Resolve] has not seen
// yet is not local.
func (s Server) Local() bool {
	if s.Transport == Demo {
		return true
	}
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost"
	}
	addr = addr.Unmap()
	return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsUnspecified()
}
