// Package resolver parses the specification of a resolver into the servers to
// query and the transports to use. It sends no DNS query of its own.
//
// [Parse] understands these specifications:
//
//	system                      every nameserver of /etc/resolv.conf
//	1.1.1.1, 1.1.1.1:5353       an address, over UDP; port 53 unless given
//	2001:db8::1, [2001:db8::1]:5353, fe80::1%eth0
//	udp://HOST[:53]             UDP, and TCP where a response was truncated
//	tcp://HOST[:53]             TCP only
//	tls://HOST[:853]            DNS over TLS
//	https://HOST/dns-query      DNS over HTTPS
//	cloudflare, google, quad9   well-known public resolvers, over UDP
//	@FILE                       one of the above on each line, with # comments
//	direct                      the registries' own servers
//	demo                        the registry built into the program
//
// Several specifications in one string are separated by commas. One that begins
// with @ or https:// extends to the end of the string. [ParseAll] parses a list of
// strings. Repeated servers are left out. The error of an invalid specification is
// a [*ParseError].
//
// Host names stay in the servers until [Resolve] replaces them by addresses.
package resolver

import (
	"net"
	"net/netip"
)

// A Transport is the protocol that carries queries to a server.
type Transport string

const (
	UDP    Transport = "udp"    // RFC 1035, with TCP when a response is truncated
	TCP    Transport = "tcp"    // RFC 7766
	TLS    Transport = "tls"    // RFC 7858
	HTTPS  Transport = "https"  // RFC 8484
	Direct Transport = "direct" // the registries' own servers
	Demo   Transport = "demo"   // the registry built into the program
)

// A Server is a resolver to query, or the registries' own servers. Servers are
// comparable; two that differ only in Origin are the same server.
type Server struct {
	Transport Transport

	// Addr is "host:port". The host is an IP address once [Resolve] has run.
	// Addr is empty for Direct and Demo.
	Addr string

	// Host is the host name or IP address in the certificate of a TLS or
	// HTTPS server.
	Host string

	// URL is the endpoint of an HTTPS server.
	URL string

	// Origin is the specification of the server as the user wrote it, or
	// "system".
	Origin string
}

// String returns the server as reports name it: "9.9.9.9:53" for UDP, the name of
// Direct and Demo, and a URL for the others.
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

// Local reports whether the server is on this machine or its network: it has a
// loopback, private (RFC 1918, RFC 4193), link-local or unspecified address or the
// host name localhost, or it is Demo. Other host names are not local until
// [Resolve] has replaced them.
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
