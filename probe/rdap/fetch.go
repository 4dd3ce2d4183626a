package rdap

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"domprobe/probe/internal/retryafter"
)

const maxRedirects = 3

// A reply is one whole HTTP response.
type reply struct {
	url    *url.URL // of the last request
	status int
	header http.Header
	body   []byte // of 200 and 404 alone
}

// get asks for a URL and follows redirects, each to a host that is the same
// or named. Every request waits for its host's turn.
func (c *Client) get(ctx context.Context, rawURL string, header http.Header, named func(host string) bool) (*reply, *Error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, &Error{Reason: BadName, Source: "rdap", Err: err}
	}
	for hop := 0; ; hop++ {
		rep, err := c.request(ctx, u, header)
		if err == nil && !rep.redirects() {
			return rep, nil
		}
		var next *url.URL
		if err == nil {
			next, err = redirect(rep, hop, named)
		}
		if err != nil {
			err.Source, err.Server = "rdap", hostOf(u)
			return nil, err
		}
		u = next
	}
}

func (r *reply) redirects() bool {
	return r.status/100 == 3 && r.status != http.StatusNotModified && r.header.Get("Location") != ""
}

// redirect returns where a reply redirects to, if that is to be followed:
// not for ever, not from https to http, and to no host that nobody vouches for.
func redirect(rep *reply, hop int, named func(host string) bool) (*url.URL, *Error) {
	next, err := rep.url.Parse(rep.header.Get("Location"))
	switch {
	case err != nil:
	case hop >= maxRedirects:
		err = fmt.Errorf("more than %d redirects", maxRedirects)
	case next.Scheme != "https" && (next.Scheme != "http" || rep.url.Scheme == "https"):
		err = fmt.Errorf("redirect from %s to %q", rep.url.Scheme, next.Scheme)
	case next.User != nil:
		err = errors.New("redirect with a user name")
	case hostOf(next) != hostOf(rep.url) && !named(hostOf(next)):
		err = fmt.Errorf("redirect to %q", hostOf(next))
	}
	if err != nil {
		return nil, &Error{Reason: BadRedirect, Err: err}
	}
	return next, nil
}

// hostOf returns the host of a URL in lower case, with the port if that is
// not the scheme's own.
func hostOf(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// request sends one request in its host's turn.
func (c *Client) request(ctx context.Context, u *url.URL, header http.Header) (rep *reply, err *Error) {
	err = c.host(hostOf(u)).do(ctx, func() (err *Error) {
		rep, err = c.exchange(ctx, u, header)
		return err
	})
	return rep, err
}

// exchange sends one request and reads as much of the response as is needed.
func (c *Client) exchange(ctx context.Context, u *url.URL, header http.Header) (*reply, *Error) {
	try, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(try, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &Error{Reason: BadName, Err: err}
	}
	req.Header = header.Clone()
	req.Header.Set("User-Agent", c.opts.UserAgent)
	resp, err := c.opts.Transport.RoundTrip(req)
	if err != nil {
		return nil, c.ioError(ctx, Unreachable, err)
	}
	defer resp.Body.Close()
	rep := &reply{url: u, status: resp.StatusCode, header: resp.Header}
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusForbidden, code == http.StatusUnprocessableEntity:
		return nil, &Error{Reason: RateLimited, RetryAfter: retryafter.Parse(resp.Header, maxBackOff), Err: fmt.Errorf("HTTP status %d", code)}
	case code == http.StatusOK, code == http.StatusNotFound:
		rep.body, err = readAll(resp.Body, c.opts.MaxBody)
		if err = cmp.Or(try.Err(), err); err != nil { // a stalled body can end well when the deadline closes it
			return nil, c.ioError(ctx, BadReply, err)
		}
	case code/100 != 3:
		return nil, &Error{Reason: HTTPError, Err: fmt.Errorf("HTTP status %d", code), failed: code >= 500}
	}
	return rep, nil
}

// ioError says what an error of the network means: the given reason, unless
// time was up or the caller gave up.
func (c *Client) ioError(ctx context.Context, reason Reason, err error) *Error {
	var timeout interface{ Timeout() bool }
	switch {
	case ctx.Err() != nil:
		return canceled(ctx)
	case errors.As(err, &timeout) && timeout.Timeout():
		return &Error{Reason: Timeout, Err: fmt.Errorf("no whole reply within %v", c.opts.Timeout), failed: true}
	}
	if reason == Unreachable {
		err = plain(err)
	}
	return &Error{Reason: reason, Err: err, failed: reason == Unreachable}
}

// A plainError says in one sentence why a server cannot be reached.
type plainError struct {
	text string
	err  error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.err }

// plain finds the sentence in an error of package net, which lists every step.
func plain(err error) error {
	who, why := "", err
	for e := err; e != nil; e = errors.Unwrap(e) {
		why = e
		if op, ok := e.(*net.OpError); ok && op.Op == "proxyconnect" {
			who = "the proxy "
		}
	}
	text := why.Error()
	if why == io.EOF {
		text = "it closes the connection"
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		text = "looking up its address: " + dns.Err
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		text = "its certificate is not valid: " + cert.Err.Error()
	}
	return &plainError{who + "cannot be reached: " + text, err}
}

// readAll reads to the end, which must come within limit bytes.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("reply of more than %d bytes", limit)
	}
	return b, err
}
