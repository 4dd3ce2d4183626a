package transport

import (
	"errors"
	"math"
	"net"
	"os"
	"time"

	"github.com/miekg/dns"
)

// deliverLen is how many outcomes are delivered at once while there are more
// responses to read.
const deliverLen = 256

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
	m := cfg.messageFor(&sl.q, packet)
	reply, cut, rule := read(m, packet, &sl.q, sl.id, sl.mix)
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
	w.accept(i, Outcome{Failure: cut, Reply: reply, Msg: m}, now)
}

// ignore counts a message that failed a check, if it is forged. One that names a
// query and the ID under which it was sent is not: it comes late, or twice, or from a
// server that does not keep case.
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

// accept handles a response. out says all but the query's part in it.
func (w *udpWorker) accept(i int32, out Outcome, now time.Time) {
	sl := &w.slots.all[i]
	w.count.Responses++
	w.mute = 0
	out.Token, out.Tries = sl.q.Token, sl.q.sent
	out.RTT = now.Sub(w.engine.began) - time.Duration(sl.sent)
	switch {
	case out.Failure == Slipped:
		w.seen.good++
		w.seen.cuts++
	case out.Failure == Truncated:
	case out.Reply.Rcode == dns.RcodeBadCookie && sl.q.Flags&Cookie != 0:
		// The server has sent the cookie that it wants (RFC 7873 section
		// 5.3). The next try carries it.
		w.seen.slips++
		if sl.q.again(aTry) {
			w.slots.move(i, queueList)
			return
		}
		out.Failure = Slipped
	case out.Reply.Rcode == dns.RcodeRefused:
		w.seen.slips++
	default:
		w.seen.good++
	}
	w.unsent = nil
	if sl.q.sent == 1 {
		w.rtt = max(w.rtt, out.RTT)
	}
	w.settle(out)
	w.slots.release(i)
}

// settleAll settles everything that is under way on this socket.
func (w *udpWorker) settleAll(f Failure, err error) {
	for list := range uint8(numLists) {
		for l := &w.slots.lists[list]; l.head >= 0 && list != restList; {
			w.settle(w.slots.all[l.head].q.outcome(f, err))
			w.slots.release(l.head)
		}
	}
}

// settle puts an outcome aside to be delivered.
func (w *udpWorker) settle(out Outcome) {
	if w.forged > 0 {
		out.Forged = uint16(min(w.forged, math.MaxUint16))
		w.count.Forged += w.forged
		w.forged = 0
	}
	w.out = append(w.out, out)
	w.dones++
	w.flying--
}

func (w *udpWorker) deliver() {
	w.engine.cfg.deliver(w.out)
	clear(w.out)
	w.out = w.out[:0]
}
