package transport

import (
	"errors"
	"net"
	"os"
	"time"

	"github.com/miekg/dns"
)

// receive handles what a read brought.
func (w *udpWorker) receive(err error) {
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed), errors.Is(err, errTooLong):
		return
	case isAny(err, refusalErrors), isAny(err, routeErrors):
		w.settleAll(Unreachable, err)
		return
	default:
		w.fail(Unreachable, err)
		return
	}
	now := time.Now()
	for i := range w.in.n {
		w.handle(w.in.packet(i), now)
	}
	w.in.n = 0
}

// unwritten handles the error of a write.
func (w *udpWorker) unwritten(err error) {
	switch {
	case isAny(err, refusalErrors): // of a packet before it
		w.settleAll(Unreachable, err)
	case isAny(err, routeErrors), isAny(err, awayErrors), errors.Is(err, errNoSource):
		w.fail(Offline, err)
	default:
		w.fail(Unreachable, err)
	}
}

// fail gives the socket up.
func (w *udpWorker) fail(f Failure, err error) {
	w.broken = err
	w.settleAll(f, err)
}

// handle handles one packet.
func (w *udpWorker) handle(packet []byte, now time.Time) {
	cfg := &w.engine.cfg
	if len(packet) < headerLen {
		cfg.traceIgnored(nil, ShortHeader, packet)
		return
	}
	i := w.slots.find(be16(packet, 0))
	if i < 0 {
		w.ignore(nil, WrongID, packet)
		return
	}
	sl := &w.slots.all[i]
	var m *dns.Msg
	if sl.q.Flags&Whole != 0 || cfg.Trace != nil {
		m = new(dns.Msg)
	}
	reply, state, rule := read(m, packet, &sl.q, sl.id, sl.mix)
	if len(packet) == maxPacket {
		rule = CutShort
	}
	if rule == Passed && sl.q.Flags&Cookie != 0 {
		rule = w.engine.cookie.check(packet)
	}
	if rule != Passed {
		if sl.failed == Passed || sl.failed == WrongCase {
			sl.failed = rule
		}
		w.ignore(&sl.q, rule, packet)
		return
	}
	w.accept(i, reply, state, m, now)
}

// ignore counts a message that failed a check, if it is forged. One that names a
// query and the ID under which it was asked is not: it comes late, or twice, or from a server that does not
// keep case.
func (w *udpWorker) ignore(q *Query, rule Rule, packet []byte) {
	switch rule {
	case WrongCookie:
		w.forged++
	case WrongID, WrongName, WrongType:
		if be16(packet, 2)&flagQR != 0 && !w.slots.past.has(packet) {
			w.forged++
		}
	}
	w.engine.cfg.traceIgnored(q, rule, packet)
}

func (w *udpWorker) accept(i int32, reply Reply, state State, m *dns.Msg, now time.Time) {
	sl := &w.slots.all[i]
	w.count.Responses++
	w.mute = 0
	rtt := now.Sub(w.engine.began) - time.Duration(sl.sent)
	out := Outcome{Token: sl.q.Token, Tries: sl.tries, Reply: reply, RTT: rtt, Msg: m}
	switch {
	case state == Slip:
		w.cuts++
		out.Failure = Slipped
	case state == Cut:
		out.Failure = Truncated
	case reply.Rcode == dns.RcodeBadCookie && sl.q.Flags&Cookie != 0:
		// The server has sent the cookie that it wants (RFC 7873 section
		// 5.3). The next try carries it.
		w.slips++
		if sl.charged++; sl.charged < sl.q.Tries && sl.tries < mostTries(&sl.q) {
			w.slots.move(i, queueList)
			return
		}
		out.Failure = Slipped
	case reply.Rcode == dns.RcodeRefused:
		w.slips++
	default:
		w.goods++
	}
	w.unsent = nil
	if sl.tries == 1 {
		w.rtt = max(w.rtt, rtt)
	}
	w.settle(out)
	w.slots.release(i)
}

// settleAll settles everything that is under way on this socket.
func (w *udpWorker) settleAll(f Failure, err error) {
	for list := range uint8(numLists) {
		if list == restList {
			continue
		}
		for {
			i := w.slots.lists[list].head
			if i < 0 {
				break
			}
			sl := &w.slots.all[i]
			w.settle(Outcome{Token: sl.q.Token, Tries: sl.tries, Failure: f, Err: err})
			w.slots.release(i)
		}
	}
}
