package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net"
	"net/http"
	"time"

	"github.com/miekg/dns"
)

// mediaType is that of DNS messages over HTTPS (RFC 8484 section 6).
const mediaType = "application/dns-message"

// maxStreams bounds the requests under way at one server, so that none waits for
// a stream while its time runs. Most servers grant 100 streams on a connection,
// as RFC 9113 section 6.5.2 recommends.
const maxStreams = 100

// https is the engine over HTTPS: a pool whose connections are net/http's.
type https struct {
	Engine
	transport *http.Transport
}

// NewHTTPS returns an engine that POSTs its questions to a URL (RFC 8484), over
// HTTP/2 where the server speaks it. Connections go to [Config.Addr], whatever
// the host of the URL; its certificate has to carry that host.
func NewHTTPS(cfg Config, url string, conf *tls.Config) Engine {
	cfg.Window = min(cfg.Window, maxStreams)
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return cfg.dial(ctx, network)
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
	ask := func(ctx context.Context, q *Question) Outcome { return post(ctx, client, url, q) }
	return &https{Engine: NewPool(cfg, ask), transport: t}
}

func (e *https) Close() error {
	err := e.Engine.Close()
	e.transport.CloseIdleConnections()
	return err
}

// post asks one question. Its ID is zero, so that caches serve it (RFC 8484
// section 4.1).
func post(ctx context.Context, client *http.Client, url string, q *Question) Outcome {
	var mix uint64
	if q.Flags&MixCase != 0 {
		mix = rand.Uint64()
	}
	plain := len(appendQuestion(nil, q, 0, mix, nil, 0))
	body := appendQuestion(nil, q, 0, mix, nil, (padBlock-plain%padBlock)%padBlock)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Outcome{Failure: Unreachable, Err: err}
	}
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("Accept", mediaType)
	req.Header.Set("User-Agent", "domprobe")
	resp, err := client.Do(req)
	if err != nil {
		return failed(ctx, err)
	}
	defer resp.Body.Close()
	packet, err := io.ReadAll(io.LimitReader(resp.Body, dns.MaxMsgSize))
	if err != nil {
		return failed(ctx, err)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); resp.StatusCode != http.StatusOK || kind != mediaType {
		return Outcome{Failure: Unreachable, Err: fmt.Errorf("%s answers %s, %q", url, resp.Status, kind)}
	}
	m := new(dns.Msg)
	reply, state, rule := read(m, packet, q, 0, mix)
	if rule == Passed && state != Complete {
		rule = CutShort
	}
	if rule != Passed {
		return Outcome{Failure: BadResponse, Err: ruleError(rule)}
	}
	return Outcome{Reply: reply, Msg: m}
}
