package rdap

import (
	"context"
	"slices"
	"strings"
)

const maxWhois = 64 << 10 // bytes of a reply

// askWhois asks the registry's WHOIS server about a name.
func (c *Client) askWhois(ctx context.Context, name string) (Answer, *Domain) {
	server, listed, err := c.whoisServer(ctx, name)
	if err != nil {
		err.Source = "whois"
		return unconfirmed(err), nil
	}
	a, d := c.queryWhois(ctx, server, name)
	if a.Status == NotRegistered && !listed {
		if err := c.vouchWhois(ctx, server, name); err != nil {
			err.Source, err.Server = "whois", server
			return unconfirmed(err), nil
		}
	}
	return a, d
}

// vouchWhois is [Client.vouch] for the server of a TLD. Some have no names of a
// suffix like com.uy, which somebody else runs: there it has to know one.
func (c *Client) vouchWhois(ctx context.Context, server, name string) *Error {
	_, suffix, _ := strings.Cut(name, ".")
	names, who := c.opts.Known(suffix), server
	_, listed := whoisFor(name)
	deep := strings.Contains(suffix, ".") && !listed
	if deep {
		names, who = append(slices.Clip(names), "google."+suffix), server+" "+suffix
		names = names[:1]
	}
	return c.vouch(ctx, who, suffix, names, deep, func(known string) Answer {
		a, _ := c.queryWhois(ctx, server, known)
		return a
	})
}

// queryWhois asks one WHOIS server about a name.
func (c *Client) queryWhois(ctx context.Context, server, name string) (Answer, *Domain) {
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
		return unconfirmed(err), nil
	}
	a := Answer{Status: word.status, Source: "whois", Server: server}
	switch {
	case word.status == Registered:
		return a, whoisDomain(wholeLines(reply), name, server)
	case word.status == NotRegistered && !word.named:
		a.Note = "the WHOIS reply does not carry the name, and cannot be told from a reply about another one"
	}
	return a, nil
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
