package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"domprobe/probe/transport"
)

// The health of a server.
const (
	silentBound = 8               // time-outs in a row after which it counts as down
	silentFor   = time.Second / 2 // since its last response; a time-out sooner is a loss
	firstDown   = time.Second     // how long it is left alone at first
	longestDown = 5 * time.Minute // and at most (RFC 9520 section 3.2)
	repeatedOf  = 8192            // queries over which their repetitions are counted
	rareLoss    = 1.0 / 256       // share of them, up to which a lost one is an exception
	offlineTest = time.Second / 4 // how long nothing is sent when this machine cannot send
)

// health is how well a server answers.
type health struct {
	flying   int       // queries under way
	silences int       // time-outs when nothing has come for a while
	answered time.Time // when the last response came
	srtt     time.Duration
	rough    bool    // srtt is a guess
	repeated float64 // share of the last queries that were sent again; see repeatedOf
	downTill time.Time
	downFor  time.Duration
	offline  bool // this machine cannot send to it, or could not when it last tried
}

// heard notes what became of a packet.
func (h *health) heard(now time.Time, out *transport.Outcome) (wentDown bool) {
	h.flying--
	h.repeated -= h.repeated / repeatedOf
	if out.Tries > 1 {
		h.repeated += 1.0 / repeatedOf
	}
	switch out.Failure {
	case transport.None, transport.Truncated, transport.Slipped, transport.BadResponse:
		h.silences, h.downFor, h.downTill, h.offline = 0, 0, time.Time{}, false
		h.answered = now
		h.took(out)
	case transport.Timeout, transport.Unreachable:
		if now.Sub(h.answered) < silentFor {
			return false
		}
		h.silences++
		if h.silences < silentBound || now.Before(h.downTill) {
			return false
		}
		h.downFor = min(max(2*h.downFor, firstDown), longestDown)
		h.downTill = now.Add(h.downFor)
		return true
	case transport.Offline:
		h.goOffline(now)
	}
	return false
}

// took takes in a round trip. If the query was sent more than once, the response took
// longer than that, unless packets were lost (Karn's rule, RFC 6298 section 3).
func (h *health) took(out *transport.Outcome) {
	switch {
	case out.RTT <= 0:
	case out.Tries > 1 && h.srtt == 0:
		h.srtt, h.rough = out.RTT+far, true
	case out.Tries > 1:
	case h.srtt == 0 || h.rough:
		h.srtt, h.rough = out.RTT, false
	default:
		h.srtt += (out.RTT - h.srtt) / 8
	}
}

func (h *health) goOffline(now time.Time) { h.offline, h.downTill = true, now.Add(offlineTest) }

// down reports whether the server has not answered for a while.
func (h *health) down() bool { return h.offline || h.silences >= silentBound }

// ready reports whether the server may be given more. One that was down gets
// a single query until it has answered.
func (h *health) ready(now time.Time) bool {
	if !h.down() {
		return true
	}
	return now.After(h.downTill) && h.flying == 0
}

// cost is how long a query to the server is likely to take.
func (h *health) cost() time.Duration {
	return time.Duration(h.flying+1) * (h.srtt + time.Millisecond)
}

// Case and forgery. Letters are in random case, so that who forges a response
// has to guess it as well (the 0x20 bit of draft-vixie-dnsext-dns0x20). Most
// servers repeat it; some do not, and their responses would be lost.
const (
	caseLetters = 12 // of a name whose letters are not lower case by chance
	caseLost    = 3  // queries in a row whose case was not repeated, to give mixing up
	forgedShare = 16 // responses that make up for one packet that looked forged
	forgedMost  = 16 // packets that looked forged, after which a server is asked over TCP
)

// letterCase is whether a server repeats the case of a query.
type letterCase struct {
	mixes bool // queries to it are in mixed case
	kept  int  // responses that repeated it
	lost  int  // queries since then for which only responses came that did not
}

// heard notes the outcome of a query in mixed case.
func (l *letterCase) heard(q *query, d *delivery) {
	switch {
	case q.tcp || q.flags&transport.MixCase == 0:
	case d.Failure == transport.None && len(q.Name) < caseLetters:
		// Its letters may all be lower case by chance.
	case d.Failure == transport.None:
		l.kept, l.lost, l.mixes = l.kept+1, 0, true
	case wrongCase(q, d):
		if l.lost++; l.lost >= caseLost {
			l.mixes = false
		}
	}
}

// heard notes what became of a packet, and reports whether its server has just
// been found to be one for which responses are forged.
func (r *servers) heard(d *delivery, aside bool) (spoofed bool) {
	s := d.from
	r.flight.out--
	if aside && d.Failure == transport.Timeout {
		s.flying--
	} else if s.health.heard(r.now, &d.Outcome) {
		r.opts.Log.Debug("server is down", "server", s.name, "for", s.downFor)
		r.lookForRoute(s)
	}
	if !d.tcp {
		s.truncated(d.Failure)
	}
	// What is no forgery but comes late or twice in an odd way is a small share.
	s.forged += int(d.Forged)
	if s.answers++; s.answers%forgedShare == 0 && s.forged > 0 {
		s.forged--
	}
	if s.spoofed || s.forged < forgedMost || s.tcp == nil {
		return false
	}
	s.spoofed = true
	r.p.warnOnce("spoof "+s.name, fmt.Sprintf("responses that seem to come from %s are forged (spoofing); it is asked over TCP from now on", s.name))
	return true
}

// lookForRoute tells a server that is silent from a network that is not there.
func (r *servers) lookForRoute(s *server) {
	if !s.registry && (r.opts.Dial == nil || s.tcp != nil) && transport.Route(context.Background(), r.opts.Dial, s.spec.Addr) != nil {
		s.goOffline(r.now)
	}
}

// The share of truncated responses from which a server is asked over TCP at
// once: they come ahead of whole ones by so many.
const slipsMost = 32

func (s *server) truncated(f transport.Failure) {
	switch f {
	case transport.None:
		s.slips = max(s.slips-1, 0)
	case transport.Truncated, transport.Slipped:
		s.slips = min(s.slips+1, 2*slipsMost)
	}
}

// overTCP reports whether the next query to a server goes over TCP at once. Now
// and then one goes over UDP all the same, to see whether it is answered again.
func (s *server) overTCP() bool {
	if s.tcp == nil {
		return false
	}
	if s.spoofed {
		return true
	}
	if s.slips < slipsMost {
		return false
	}
	s.overUDP++
	return s.overUDP%slipsMost != 0
}

// unreachable warns about a server that cannot be reached. Those of registries
// are many, and of both IP versions: that one is not reached is no news.
func (r *servers) unreachable(s *server, err error) {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
	case s.registry:
		r.opts.Log.Debug("cannot ask an authoritative server", "server", s.name, "err", err)
	default:
		r.p.warnOnce("unreachable "+s.name, fmt.Sprintf("cannot ask %s: %v", s.name, err))
	}
}
