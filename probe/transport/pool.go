package transport

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// An AskFunc sends one query once and returns its outcome.
type AskFunc func(ctx context.Context, q *Query) Outcome

// pool is the engine that runs a function, on a goroutine for each query
// under way and no more of them than the window.
type pool struct {
	cfg  Config
	ask  AskFunc
	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu     sync.Mutex
	queue  queue
	active int
	stats  Stats
}

// NewPool returns an engine that calls ask for each try of a query.
func NewPool(cfg Config, ask AskFunc) Engine {
	e := &pool{cfg: cfg, ask: ask}
	e.queue.waiting = cfg.Waiting
	e.ctx, e.stop = context.WithCancel(context.Background())
	return e
}

func (e *pool) Ask(qs []Query) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue.push(qs)
	for range qs {
		if e.active == max(e.cfg.Window, 1) {
			return
		}
		e.active++
		e.wg.Go(e.work)
	}
}

func (e *pool) Close() error {
	e.stop()
	e.wg.Wait()
	return nil
}

// work asks until nothing waits.
func (e *pool) work() {
	var one [1]Query
	for {
		e.mu.Lock()
		qs := e.queue.pop(one[:0], 1)
		if len(qs) == 0 {
			e.active--
			e.mu.Unlock()
			return
		}
		e.mu.Unlock()
		e.cfg.Deliver([]Outcome{e.settle(&qs[0])})
	}
}

// settle sends a query as often as it may be sent.
func (e *pool) settle(q *Query) (out Outcome) {
	for try := range max(q.Tries, 1) {
		if !e.admit() {
			return Outcome{Token: q.Token, Tries: try, Failure: Closed, Err: net.ErrClosed}
		}
		e.cfg.traceSent(q)
		began := time.Now()
		out = e.try(q)
		out.Token, out.Tries = q.Token, try+1
		e.tally(&out, try > 0, time.Since(began))
		if e.ctx.Err() != nil && out.Failure != None {
			out.Failure = Closed
		}
		if out.Failure != Timeout {
			return out
		}
	}
	return out
}

// try sends a query once. A shortage of descriptors is waited out.
func (e *pool) try(q *Query) Outcome {
	for {
		ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
		out := e.ask(ctx, q)
		if out.Failure == Unreachable {
			out.Failure = e.cfg.blame(ctx, "tcp", out.Err)
		}
		cancel()
		if !isAny(out.Err, shortErrors) || !pause(e.ctx, mostRest) {
			return out
		}
	}
}

// tally counts a try, and completes its outcome with the round trip.
func (e *pool) tally(out *Outcome, again bool, took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.Queries++
	if again {
		e.stats.Retries++
	}
	switch out.Failure {
	case None, Truncated, Slipped:
		e.stats.Responses++
		out.RTT = cmp.Or(out.RTT, took)
		e.stats.SRTT = smooth(e.stats.SRTT, out.RTT)
		return
	case Timeout:
		e.stats.Timeouts++
	}
	out.RTT = 0
}

func (e *pool) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.InFlight, s.Window = e.active, max(e.cfg.Window, 1)
	return s
}

// admit waits for the limit, and reports false when the engine is closed.
func (e *pool) admit() bool {
	for e.ctx.Err() == nil {
		n, wait := e.cfg.Limit.take(time.Now(), 1)
		if n == 1 {
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-e.ctx.Done():
			timer.Stop()
		}
	}
	return false
}

// An ExchangeFunc is dns.Client.ExchangeContext or something like it.
type ExchangeFunc func(ctx context.Context, m *dns.Msg, addr string) (*dns.Msg, time.Duration, error)

// NewExchange returns an engine that asks through exchange. What comes back is
// checked as far as an unpacked message can be: that it is not cut cannot be
// seen in it any more.
func NewExchange(cfg Config, exchange ExchangeFunc) Engine {
	return NewPool(cfg, func(ctx context.Context, q *Query) Outcome {
		m := message(q)
		resp, rtt, err := exchange(ctx, m, cfg.Addr)
		if err != nil {
			return failed(ctx, err)
		}
		if rule := checkMessage(resp, m); rule != Passed {
			return Outcome{Failure: BadResponse, Err: ruleError(rule), RTT: rtt}
		}
		if resp.Truncated {
			return Outcome{Failure: Truncated, RTT: rtt, Msg: resp}
		}
		return Outcome{Reply: Summarize(resp, q.Name), RTT: rtt, Msg: resp}
	})
}

// failed is the outcome of an error of the network.
func failed(ctx context.Context, err error) Outcome {
	if isTimeout(err) || ctx.Err() != nil {
		return Outcome{Failure: Timeout, Err: err}
	}
	return Outcome{Failure: Unreachable, Err: err}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// message makes the message of a query for package dns.
func message(q *Query) *dns.Msg {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(q.Name), q.Type)
	m.RecursionDesired = q.Flags&RD != 0
	m.CheckingDisabled = q.Flags&CD != 0
	if q.Flags&EDNS != 0 {
		m.SetEdns0(maxUDP, q.Flags&DO != 0)
	}
	return m
}

// checkMessage is the part of the checks of read that a message allows once
// it is unpacked.
func checkMessage(resp, m *dns.Msg) Rule {
	switch {
	case resp == nil:
		return ShortHeader
	case !resp.Response:
		return NotResponse
	case resp.Opcode != dns.OpcodeQuery:
		return WrongOpcode
	case resp.Id != m.Id:
		return WrongID
	case len(resp.Question) != 1:
		return NoQuestion
	case !strings.EqualFold(resp.Question[0].Name, m.Question[0].Name):
		return WrongName
	case resp.Question[0].Qtype != m.Question[0].Qtype, resp.Question[0].Qclass != m.Question[0].Qclass:
		return WrongType
	}
	return Passed
}
