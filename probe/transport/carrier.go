package transport

import (
	"context"
	"crypto/tls"
	"errors"
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

// A carrier is the engine over a protocol that has a response for each query.
type carrier struct {
	*pool
	carry   CarryFunc
	timeout time.Duration // of one try
	gate    *gate
}

// NewCarrier returns an engine that sends each query through carry. Queries wait
// together while the server asks to be left alone, a minute at most; that costs
// no try.
func NewCarrier(cfg Config, carry CarryFunc) Engine {
	e := &carrier{carry: carry, timeout: cfg.Timeout, gate: new(gate)}
	if cfg.Limit != nil {
		e.gate = &cfg.Limit.gate
	}
	cfg.Timeout = maxPause + 2*e.timeout // a try, a pause, a try
	e.pool = NewPool(cfg, e.ask).(*pool)
	return e
}

// ask sends one query until the server does not refuse. Its ID is zero, so
// that caches serve it (RFC 8484 section 4.1).
func (e *carrier) ask(ctx context.Context, q *Query) Outcome {
	var mix uint64
	if q.Flags&MixCase != 0 {
		mix = rand.Uint64()
	}
	plain := len(appendQuery(nil, q, 0, mix, nil, 0))
	query := appendQuery(nil, q, 0, mix, nil, (padBlock-plain%padBlock)%padBlock)
	admitted := true // by the pool, once
	for sends := 0; ; {
		waited, err := e.gate.wait(ctx, e.timeout)
		if err != nil {
			return Outcome{Failure: Unreachable, Err: err}
		}
		if waited || !admitted {
			if admitted = e.admit(); !admitted {
				return Outcome{Failure: Closed, Err: context.Cause(ctx)}
			}
			continue // the gate may have shut meanwhile
		}
		if sends++; sends > 1 {
			e.cfg.traceSent(q)
		}
		admitted = false
		sent := time.Now()
		out := e.exchange(ctx, q, query, mix)
		out.RTT = max(time.Since(sent), 1) // zero would count the pauses too
		if busy, ok := errors.AsType[*BusyError](out.Err); ok {
			e.gate.shut(sent, busy)
			continue
		}
		if out.Failure == None {
			e.gate.passed(sent)
		}
		return out
	}
}

// exchange sends a query once.
func (e *carrier) exchange(ctx context.Context, q *Query, query []byte, mix uint64) Outcome {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	packet, err := e.carry(ctx, query)
	if err != nil {
		return failed(ctx, err)
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
