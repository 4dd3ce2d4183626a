// Package doh asks resolvers over HTTPS (RFC 8484). A program that imports it
// can ask those whose URL begins with https://:
//
//	import _ "domprobe/probe/doh"
//
// Without it [domprobe/probe.New] refuses such a resolver, and the program does
// not carry package net/http.
//
// A server that answers 429, or 503 with a Retry-After, is left alone for as long
// as it asks, a minute at most; without a Retry-After for a second, and twice as
// long each time. Queries wait meanwhile, and have lost no try.
package doh

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe/internal/retryafter"
	"domprobe/probe/transport"
)

func init() { transport.NewHTTPS = New }

// mediaType is that of DNS messages over HTTPS (RFC 8484 section 6).
const mediaType = "application/dns-message"

const (
	// maxStreams bounds the requests under way at one server, so that none
	// waits for a stream while its time runs. Most servers grant 100 streams
	// on a connection, as RFC 9113 section 6.5.2 recommends.
	maxStreams = 100

	maxConns = 4 // connections to one server
	maxRetry = time.Hour
)

// An engine asks through package net/http.
type engine struct {
	transport.Engine
	http *http.Transport
}

// New returns an engine that POSTs its queries to a URL, over HTTP/2 where the
// server speaks it. Connections go to the address of cfg, whatever the host of
// the URL; the server's certificate has to carry that host.
func New(cfg transport.Config, url string, conf *tls.Config) transport.Engine {
	cfg.Window = min(cfg.Window, maxStreams)
	dial := cfg.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dial(ctx, network, cfg.Addr)
		},
		TLSClientConfig:     conf,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: maxConns,
		MaxConnsPerHost:     maxConns,
		IdleConnTimeout:     30 * time.Second,
		// Without pings a connection that has died takes every request for
		// as long as the system sends its octets again.
		HTTP2: &http.HTTP2Config{SendPingTimeout: cfg.Timeout, PingTimeout: cfg.Timeout},
	}
	client := &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	carry := func(ctx context.Context, query []byte) ([]byte, error) { return post(ctx, client, url, query) }
	return &engine{Engine: transport.NewCarrier(cfg, carry), http: t}
}

func (e *engine) Close() error {
	err := e.Engine.Close()
	e.http.CloseIdleConnections()
	return err
}

// post sends one query.
func post(ctx context.Context, client *http.Client, url string, query []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("Accept", mediaType)
	req.Header.Set("User-Agent", "domprobe")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode == http.StatusOK && kind == mediaType {
		return io.ReadAll(io.LimitReader(resp.Body, dns.MaxMsgSize))
	}
	err = fmt.Errorf("%s answers %s, %q", url, resp.Status, kind)
	after := retryafter.Parse(resp.Header, maxRetry)
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable && after > 0 {
		return nil, &transport.BusyError{After: after, Err: err}
	}
	return nil, err
}
