package rdap

import (
	"context"
	"strings"
)

const maxWhois = 64 << 10 // bytes of a reply

// askWhois asks the registry's WHOIS server about a name.
func (c *Client) askWhois(ctx context.Context, name string) Answer {
	server, listed, err := c.whoisServer(ctx, name)
	if err != nil {
		err.Source = "whois"
		return unconfirmed(err)
	}
	a := c.queryWhois(ctx, server, name)
	if _, known := whoisFor(name); a.Status == NotRegistered && !listed && !known {
		if err := c.vouchWhois(ctx, server, name); err != nil {
			err.Source, err.Server = "whois", server
			return unconfirmed(err)
		}
	}
	return a
}

// vouchWhois is [Client.vouch] for the server of a TLD whose wording is not known.
// Some have no names of a suffix like com.uy, which somebody else runs: there it has
// to know one.
func (c *Client) vouchWhois(ctx context.Context, server, name string) *Error {
	_, suffix, _ := strings.Cut(name, ".")
	names, who, deep := c.opts.Known(suffix), server, strings.Contains(suffix, ".")
	if deep {
		names, who = []string{"google." + suffix}, server+" "+suffix
	}
	return c.vouch(ctx, who, suffix, names, deep, func(known string) Answer {
		return c.queryWhois(ctx, server, known)
	})
}

// queryWhois asks one WHOIS server about a name.
func (c *Client) queryWhois(ctx context.Context, server, name string) Answer {
	w, _ := whoisFor(name)
	var reply []byte
	var word whoisWord
	err := retry(func() *Error {
		return c.host(server).do(ctx, func() (err *Error) {
			if reply, err = c.converse(ctx, server, w.queryFor(name)); err == nil {
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
	switch {
	case word.status == Registered:
		a.Domain = whoisDomain(wholeLines(reply), name, server)
	case word.status == NotRegistered && !word.named:
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
