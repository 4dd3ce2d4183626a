package transport

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// pool is the engine that runs a function, for each query under way on a goroutine of
// the crew.
type pool struct {
	engine
	ask    func(ctx context.Context, q *Query) Outcome
	active int
	gate   *gate
	own    bool // the crew is nobody else's
}

// newPool returns an engine that calls ask for each try of a query. An outcome with a
// [*BusyError] costs it none: queries wait together while the server asks to be left
// alone, a minute at most.
func newPool(cfg Config, ask func(ctx context.Context, q *Query) Outcome) Engine {
	cfg.Window = max(cfg.Window, 1)
	own := cfg.Crew == nil
	if own {
		cfg.Crew = new(Crew)
	}
	e := &pool{engine: newEngine(cfg), own: own, ask: ask, gate: new(gate)}
	if cfg.Limit != nil {
		e.gate = &cfg.Limit.gate
	}
	e.launch = func(n int) {
		if n = min(n, cfg.Window-e.active); n > 0 {
			e.active += n
			e.wg.Add(n)
			cfg.Crew.add(e, n)
		}
	}
	return e
}

// work asks until nothing waits.
func (e *pool) work() {
	defer e.wg.Done()
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
	for range max(q.Tries, 1) {
		if !e.admit() {
			return q.outcome(Closed, net.ErrClosed)
		}
		out = e.try(q)
		e.tally(q, &out)
		out.Token, out.Tries = q.Token, q.sent
		if e.ctx.Err() != nil && out.Failure != None {
			out.Failure = Closed
		}
		if out.Failure != Timeout {
			break
		}
	}
	return out
}

// try sends a query, which the limit admits, until the server does not refuse.
func (e *pool) try(q *Query) Outcome {
	end := time.Now().Add(e.cfg.Timeout + maxPause)
	for admitted := true; admitted; admitted = e.admit() {
		waited, err := e.gate.wait(e.ctx, end)
		if err != nil {
			return Outcome{Failure: Unreachable, Err: err}
		}
		if waited {
			continue
		}
		e.cfg.traceSent(q)
		sent := time.Now()
		out := e.send(q)
		if busy, ok := errors.AsType[*BusyError](out.Err); ok {
			e.gate.shut(sent, busy)
			continue
		}
		if out.Failure == None {
			e.gate.passed(sent)
		}
		return out
	}
	return Outcome{Failure: Closed, Err: net.ErrClosed}
}

// send sends a query once. A shortage of descriptors is waited out.
func (e *pool) send(q *Query) Outcome {
	for {
		sent := time.Now()
		ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
		out := e.ask(ctx, q)
		if out.Failure == Unreachable {
			out.Failure = e.cfg.blame(ctx, "tcp", out.Err)
		}
		cancel()
		if !isAny(out.Err, shortErrors) || !pause(e.ctx, mostRest) {
			out.RTT = cmp.Or(out.RTT, time.Since(sent))
			return out
		}
	}
}

// tally counts a try. The round trip is that of a response.
func (e *pool) tally(q *Query, out *Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.sent(q)
	switch out.Failure {
	case None, Truncated, Slipped:
		e.stats.Responses++
		e.stats.SRTT = smooth(e.stats.SRTT, out.RTT)
		return
	case Timeout:
		e.stats.Timeouts++
	}
	out.RTT = 0
}

// Close ends the crew, too, if no other engine has it.
func (e *pool) Close() error {
	err := e.engine.Close()
	if e.own {
		e.cfg.Crew.Wait()
	}
	return err
}

func (e *pool) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.InFlight, s.Window = e.active, e.cfg.Window
	return s
}

// admit waits for the limit, and reports false when the engine is closed.
func (e *pool) admit() bool {
	for e.ctx.Err() == nil {
		n, wait := e.cfg.Limit.take(time.Now(), 1)
		if n == 1 {
			return true
		}
		pause(e.ctx, wait)
	}
	return false
}

// An ExchangeFunc is dns.Client.ExchangeContext or something like it.
type ExchangeFunc func(ctx context.Context, m *dns.Msg, addr string) (*dns.Msg, time.Duration, error)

// NewExchange returns an engine that asks through exchange. What comes back is
// checked as far as an unpacked message can be: that it is not cut cannot be
// seen in it any more.
func NewExchange(cfg Config, exchange ExchangeFunc) Engine {
	return newPool(cfg, func(ctx context.Context, q *Query) Outcome {
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
	case slices.Contains(resp.Answer, nil), slices.Contains(resp.Ns, nil), slices.Contains(resp.Extra, nil):
		return Malformed
	}
	return Passed
}
