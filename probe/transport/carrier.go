package transport

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"time"

	"github.com/miekg/dns"
)

// NewHTTPS makes the engine for HTTPS servers (RFC 8484). It is nil unless the
// program imports domprobe/probe/doh, which sets it: package net/http is not
// for those who do not ask over HTTPS.
var NewHTTPS func(cfg Config, url string, conf *tls.Config) Engine

// A CarryFunc carries one query to the server and returns the response, both
// as DNS messages. An error that is a [*BusyError] says that the server asks to
// be left alone.
type CarryFunc func(ctx context.Context, query []byte) (response []byte, err error)

// A BusyError is the error of a server that refuses for now.
type BusyError struct {
	After time.Duration // that the server asks for; zero if it does not say
	Err   error
}

func (e *BusyError) Error() string { return e.Err.Error() }

// Unwrap returns the detail.
func (e *BusyError) Unwrap() error { return e.Err }

// NewCarrier returns an engine that sends each query through carry. Its ID is zero,
// so that caches serve it (RFC 8484 section 4.1).
func NewCarrier(cfg Config, carry CarryFunc) Engine {
	return newPool(cfg, func(ctx context.Context, q *Query) Outcome {
		var mix uint64
		if q.Flags&MixCase != 0 {
			mix = rand.Uint64()
		}
		packet, err := carry(ctx, appendQuery(nil, q, 0, mix, nil, padBlock))
		if err != nil {
			return failed(ctx, err)
		}
		m := new(dns.Msg)
		reply, cut, rule := read(m, packet, q, 0, mix)
		if cut != None {
			rule = CutShort
		}
		if rule != Passed {
			return Outcome{Failure: BadResponse, Err: ruleError(rule)}
		}
		return Outcome{Reply: reply, Msg: m}
	})
}
