package rdap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
	"golang.org/x/sync/semaphore"
)

const (
	whoisFile  = "whois-servers.json" // in the cache
	whoisFresh = 7 * 24 * time.Hour

	// maxWhoisServers bounds the servers that are kept. There are about 1,500 TLDs.
	maxWhoisServers = 4096
)

// whoisServers are the WHOIS servers by TLD.
type whoisServers struct {
	listed map[string]string // by the user's file

	turn  *semaphore.Weighted    // held by who uses known
	known map[string]whoisServer // by IANA; nil before the cache was read
}

type whoisServer struct {
	Server  string // host and port; empty when there is none
	Expires time.Time
}

// hasWhois reports whether a WHOIS server is to be asked about a name, and can know
// it: the name is directly below a TLD, or below a suffix of the registry's own.
// What is sold below com.ru is not known to the registry of ru.
func (c *Client) hasWhois(name string, r route) bool {
	if c.whoisListed(name) != "" {
		return true
	}
	if !c.opts.WHOIS || r.listed {
		return false
	}
	_, suffix, _ := strings.Cut(name, ".")
	if !strings.Contains(suffix, ".") {
		return true
	}
	public, official := publicsuffix.PublicSuffix(suffix)
	return official && public == suffix
}

// whoisListed returns the server that the user's file has for the longest suffix
// of a name, or nothing.
func (c *Client) whoisListed(name string) string {
	for _, suffix, ok := strings.Cut(name, "."); ok; _, suffix, ok = strings.Cut(suffix, ".") {
		if server := c.reg.listed[suffix]; server != "" {
			return server
		}
	}
	return ""
}

// whoisServer returns the host and port of the WHOIS server for a name, and
// whether the user's file names it, in which case IANA is not asked.
func (c *Client) whoisServer(ctx context.Context, name string) (server string, listed bool, err *Error) {
	if server := c.whoisListed(name); server != "" {
		return server, true, nil
	}
	tld := lastLabel(name)
	if c.reg.turn.Acquire(ctx, 1) != nil {
		return "", false, canceled(ctx)
	}
	defer c.reg.turn.Release(1)
	if c.reg.known == nil {
		c.reg.known = c.loadWhoisServers()
	}
	s, ok := c.reg.known[tld]
	if !ok || time.Until(s.Expires) <= 0 {
		server, err := c.askIANA(ctx, tld)
		if err != nil {
			return "", false, err
		}
		s = whoisServer{server, time.Now().Add(whoisFresh)}
		c.reg.known[tld] = s
		if err := cache(c.opts.CacheDir).store(whoisFile, c.reg.known); err != nil && !errors.Is(err, errNoCache) {
			c.opts.Log.Warn("WHOIS servers not kept", "error", err)
		}
	}
	if s.Server == "" {
		return "", false, &Error{Reason: NoRDAP, Err: fmt.Errorf("%s has neither an RDAP nor a WHOIS server", tld)}
	}
	return s.Server, false, nil
}

// loadWhoisServers returns the servers that earlier runs have kept, those that are
// still to be believed.
func (c *Client) loadWhoisServers() map[string]whoisServer {
	kept, fresh := map[string]whoisServer{}, map[string]whoisServer{}
	err := cache(c.opts.CacheDir).load(whoisFile, &kept)
	if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, errNoCache) {
		c.opts.Log.Warn("cached WHOIS servers not used", "error", err)
		return fresh
	}
	for tld, s := range kept {
		if left := time.Until(s.Expires); left > 0 && left <= whoisFresh && len(fresh) < maxWhoisServers {
			fresh[tld] = s
		}
	}
	return fresh
}

// readWhoisServers reads a file with a suffix and its server, host[:port], on each
// line, and comments that begin with #.
func readWhoisServers(path string) (map[string]string, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the WHOIS servers: %w", err)
	}
	servers, n := map[string]string{}, 0
	for line := range strings.Lines(string(data)) {
		n++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) != 2 {
			return nil, fmt.Errorf("reading the WHOIS servers: %s:%d: not a TLD and a server", path, n)
		}
		server, err := whoisAddr(words[1])
		if err != nil {
			return nil, fmt.Errorf("reading the WHOIS servers: %s:%d: %w", path, n, err)
		}
		servers[strings.ToLower(strings.Trim(words[0], "."))] = server
	}
	return servers, nil
}

// whoisAddr returns the host and port of a server that is written host[:port].
func whoisAddr(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = strings.Trim(s, "[]"), "43"
	}
	if _, err := netip.ParseAddr(host); err != nil {
		if host = strings.ToLower(strings.TrimSuffix(host, ".")); host != "localhost" && !hostName().MatchString(host) {
			return "", fmt.Errorf("WHOIS server %q is neither a host name nor an address", s)
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("WHOIS server %q has no port from 1 to 65535", s)
	}
	return net.JoinHostPort(host, port), nil
}

// askIANA asks which WHOIS server a TLD has. The answer is empty when IANA
// knows of none.
func (c *Client) askIANA(ctx context.Context, tld string) (server string, err *Error) {
	err = c.host(c.opts.WhoisServer).do(ctx, func() *Error {
		reply, err := c.converse(ctx, c.opts.WhoisServer, tld)
		if err == nil {
			server, err = parseIANA(reply, tld)
		}
		return err
	})
	if err != nil {
		err.Server = c.opts.WhoisServer
	}
	return server, err
}

// parseIANA reads the whois: line out of IANA's record of a TLD. A server that
// is not a host name is not believed: plain text over TCP is easily forged.
func parseIANA(reply []byte, tld string) (string, *Error) {
	domain, server := "", ""
	for line := range strings.Lines(wholeLines(reply)) {
		key, value, _ := strings.Cut(line, ":")
		switch key {
		case "domain":
			domain = strings.TrimSpace(value)
		case "whois":
			server = strings.TrimSpace(value)
		}
	}
	if !strings.EqualFold(domain, tld) {
		return "", &Error{Reason: BadReply, Err: fmt.Errorf("no record of %s", tld)}
	}
	if server == "" {
		return "", nil
	}
	host, err := normalize(server)
	if last := lastLabel(host); err != nil || last[0] <= '9' {
		return "", &Error{Reason: BadReply, Err: fmt.Errorf("WHOIS server %q is not a host name", server)}
	}
	return net.JoinHostPort(host, "43"), nil
}
