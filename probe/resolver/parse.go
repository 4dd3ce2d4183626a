package resolver

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"

	"domprobe/internal/text"
)

// A ParseError is the error of an invalid specification.
type ParseError struct {
	Input  string // the specification; "FILE:LINE: TEXT" if it is in a file
	Reason string // one line: "unknown scheme; known are udp, tcp, tls and https"
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("resolver %q: %s", e.Input, e.Reason)
}

// Parse returns the servers of the specifications in s: at least one, and none
// twice.
func Parse(s string) ([]Server, error) { return ParseAll([]string{s}) }

// ParseAll is like [Parse] for a list of strings. An empty list gives no servers.
func ParseAll(list []string) ([]Server, error) {
	var all []Server
	for _, s := range list {
		for item := range split(strings.TrimSpace(s)) {
			item = strings.TrimSpace(item)
			parse := parseItem
			if strings.HasPrefix(item, "@") {
				parse = parseFile
			}
			servers, err := parse(item)
			if err != nil {
				return nil, err
			}
			all = append(all, servers...)
		}
	}
	return fold(all), nil
}

// split yields the parts of s between commas. A file or an https URL is one part,
// as its path may contain a comma.
func split(s string) func(yield func(string) bool) {
	if strings.HasPrefix(s, "@") || strings.HasPrefix(strings.ToLower(s), "https://") {
		return func(yield func(string) bool) { yield(s) }
	}
	return strings.SplitSeq(s, ",")
}

// fold drops repeated servers, whatever their origin.
func fold(servers []Server) []Server {
	seen := make(map[Server]bool, len(servers))
	kept := servers[:0]
	for _, s := range servers {
		key := s
		key.Origin = ""
		if !seen[key] {
			seen[key] = true
			kept = append(kept, s)
		}
	}
	return kept
}

// parseItem parses a specification that is not a file.
func parseItem(s string) ([]Server, error) {
	switch name := strings.ToLower(s); name {
	case "":
		return nil, &ParseError{s, "empty"}
	case "system":
		return System()
	case string(Direct), string(Demo):
		return []Server{{Transport: Transport(name), Origin: s}}, nil
	default:
		if servers := preset(name); servers != nil {
			return servers, nil
		}
	}
	server, reason := parseOne(s)
	if reason != "" {
		return nil, &ParseError{s, reason}
	}
	server.Origin = s
	return []Server{server}, nil
}

// parseOne parses an address or a URL. The reason is empty if s is one.
func parseOne(s string) (server Server, reason string) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return parseAddress(s)
	}
	switch transport := Transport(strings.ToLower(scheme)); transport {
	case UDP, TCP:
		return newServer(transport, strings.TrimSuffix(rest, "/"), "53")
	case TLS:
		return newServer(transport, strings.TrimSuffix(rest, "/"), "853")
	case HTTPS:
		return parseHTTPS("https://" + rest)
	}
	return Server{}, "unknown scheme; known are udp, tcp, tls and https"
}

// newServer makes a server of the host of a URL. It does not use net/url, which
// requires the % of a scope identifier to be escaped.
func newServer(t Transport, at, defaultPort string) (Server, string) {
	host, port, reason := splitHostPort(at, defaultPort)
	if reason != "" {
		return Server{}, reason
	}
	if _, err := netip.ParseAddr(host); err != nil && !isHostName(host) {
		return Server{}, "not a host name or IP address"
	}
	server := Server{Transport: t, Addr: net.JoinHostPort(host, port)}
	if t == TLS || t == HTTPS {
		server.Host, _, _ = strings.Cut(host, "%")
	}
	return server, ""
}

// parseAddress parses an IP address with or without a port.
func parseAddress(s string) (Server, string) {
	if strings.HasPrefix(s, "@") {
		return Server{}, "a file of resolvers cannot name another file"
	}
	host, port, reason := splitHostPort(s, "53")
	if reason != "" {
		return Server{}, reason
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return Server{}, "not an IP address, a URL or one of system, cloudflare, google, quad9, direct, demo; " +
			"a host name needs a scheme, as in udp://" + host
	}
	return Server{Transport: UDP, Addr: net.JoinHostPort(host, port)}, ""
}

func parseHTTPS(s string) (Server, string) {
	s = strings.TrimSuffix(s, "{?dns}") // the URI template of RFC 8484 section 4.1; queries are POSTed
	u, err := url.Parse(s)
	if err != nil {
		return Server{}, "not a URL"
	}
	if u.User != nil || u.Fragment != "" {
		return Server{}, "user, password and fragment have no meaning here"
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/dns-query"
	}
	server, reason := newServer(HTTPS, u.Host, "443")
	if reason == "" {
		server.URL = u.String()
	}
	return server, reason
}

// splitHostPort splits HOST, HOST:PORT, [HOST]:PORT, [HOST] and a bare IPv6
// address. It returns an address in its canonical form and a host name in lower
// case.
func splitHostPort(s, defaultPort string) (host, port, reason string) {
	switch {
	case s == "":
		return "", "", "no address"
	case strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]"):
		host, port = s[1:len(s)-1], defaultPort
		if !strings.Contains(host, ":") {
			return "", "", "brackets are for IPv6 addresses"
		}
	case strings.Count(s, ":") > 1 && !strings.HasPrefix(s, "["), !strings.Contains(s, ":"):
		host, port = s, defaultPort
	default:
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			return "", "", "not HOST:PORT"
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '0' {
		return "", "", "the port must be 1 to 65535"
	}
	if before, zone, ok := strings.Cut(host, "%25"); ok { // RFC 6874
		host = before + "%" + zone
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		if strings.ContainsAny(addr.Zone(), "[]%/ ") {
			return "", "", "not a scope identifier"
		}
		return addr.String(), port, ""
	}
	if strings.Contains(host, ":") {
		return "", "", "not an IPv6 address"
	}
	return strings.ToLower(strings.TrimSuffix(host, ".")), port, ""
}

// isHostName reports whether s is a syntactically valid host name.
func isHostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	letter := false
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			switch {
			case 'a' <= c && c <= 'z':
				letter = true
			case '0' <= c && c <= '9', c == '-', c == '_':
			default:
				return false
			}
		}
	}
	return letter // without a letter it is a mistyped IPv4 address
}

// parseFile parses a file with a specification on each line. A file cannot name
// another file, so that reading always ends.
func parseFile(at string) ([]Server, error) {
	path := strings.TrimPrefix(at, "@")
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read resolvers: %w", err)
	}
	defer f.Close()

	var all []Server
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), text.ByteOrderMark), "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		for item := range split(line) {
			servers, err := parseItem(strings.TrimSpace(item))
			if perr, ok := err.(*ParseError); ok {
				return nil, &ParseError{fmt.Sprintf("%s:%d: %s", path, n, perr.Input), perr.Reason}
			}
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, n, err)
			}
			all = append(all, servers...)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read resolvers of %s: %w", path, err)
	}
	if len(all) == 0 {
		return nil, &ParseError{at, "the file names no resolver"}
	}
	return fold(all), nil
}
