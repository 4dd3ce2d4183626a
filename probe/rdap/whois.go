package rdap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	maxWhois   = 64 << 10             // bytes of a reply
	whoisFile  = "whois-servers.json" // in the cache
	whoisFresh = 7 * 24 * time.Hour
)

// askWhois asks the registry's WHOIS server about a name.
func (c *Client) askWhois(ctx context.Context, name string, w *whoisTLD) Answer {
	server, err := c.whoisServer(ctx, lastLabel(name))
	if err != nil {
		err.Source = "whois"
		return unconfirmed(err)
	}
	var word whoisWord
	err = retry(func() *Error {
		return c.host(server).do(ctx, func() *Error {
			reply, err := c.converse(ctx, server, w.queryFor(name))
			if err == nil {
				word, err = w.classify(name, reply)
			}
			return err
		})
	})
	if err != nil {
		err.Source, err.Server = "whois", server
		return unconfirmed(err)
	}
	a := Answer{Status: word.status, Source: "whois", Server: server}
	if word.status == NotRegistered && !word.named {
		a.Note = "the WHOIS reply does not carry the name, and cannot be told from a reply about another one"
	}
	return a
}

// converse sends one line and reads the reply to its end (RFC 3912 section 2).
func (c *Client) converse(ctx context.Context, addr, query string) ([]byte, *Error) {
	try, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	conn, err := c.opts.Dial(try, "tcp", addr)
	if err != nil {
		return nil, c.ioError(ctx, Unreachable, err)
	}
	defer conn.Close()
	defer context.AfterFunc(try, func() { conn.Close() })()
	var reply []byte
	if _, err = conn.Write([]byte(query + "\r\n")); err == nil {
		reply, err = readAll(conn, maxWhois)
	}
	if err != nil && ctx.Err() == nil && try.Err() != nil { // closed above
		err = try.Err()
	}
	if err != nil {
		return nil, c.ioError(ctx, BadReply, err)
	}
	return reply, nil
}

// whoisServers are the WHOIS servers that IANA has named. Whoever holds the
// turn may use them.
type whoisServers struct {
	turn  *semaphore.Weighted
	known map[string]whoisServer // by TLD; nil before the cache was read
}

type whoisServer struct {
	Server  string // host and port; empty when there is none
	Expires time.Time
}

// whoisServer returns the host and port of a TLD's WHOIS server.
func (c *Client) whoisServer(ctx context.Context, tld string) (string, *Error) {
	if c.reg.turn.Acquire(ctx, 1) != nil {
		return "", canceled(ctx)
	}
	defer c.reg.turn.Release(1)
	kept := cache(c.opts.CacheDir)
	if c.reg.known == nil {
		c.reg.known = make(map[string]whoisServer)
		err := kept.load(whoisFile, &c.reg.known)
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, errNoCache) {
			c.opts.Log.Warn("cached WHOIS servers not used", "error", err)
		}
	}
	s, ok := c.reg.known[tld]
	if left := time.Until(s.Expires); !ok || left <= 0 || left > whoisFresh {
		server, err := c.askIANA(ctx, tld)
		if err != nil {
			return "", err
		}
		s = whoisServer{server, time.Now().Add(whoisFresh)}
		c.reg.known[tld] = s
		if err := kept.store(whoisFile, c.reg.known); err != nil && !errors.Is(err, errNoCache) {
			c.opts.Log.Warn("WHOIS servers not kept", "error", err)
		}
	}
	if s.Server == "" {
		return "", &Error{Reason: NoRDAP, Err: fmt.Errorf("%s has neither an RDAP nor a WHOIS server", tld)}
	}
	return s.Server, nil
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
