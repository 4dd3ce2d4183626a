// Package resolver says what a --resolver string means: which servers, spoken
// to over which transport.
//
// [Parse] turns one string into servers; [System] reads what the machine is
// configured with; [Resolve] replaces host names by addresses.
package resolver

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

// A Server is something that can be asked.
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
