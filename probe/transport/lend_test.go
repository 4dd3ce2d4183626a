package transport

import (
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/internal/dnstest"
)

// lending runs a test of an engine whose scout has had a response, sleeps, and can be lent.
func lending(t *testing.T, h dnstest.PacketHandler, f func(t *testing.T, e *udp, b *box)) {
	t.Helper()
	inBubble(t, "", dnstest.Host{UDP: h}, NewUDP, func(t *testing.T, engine Engine, b *box) {
		e := engine.(*udp)
		e.Ask(ask(1, 3)[:1])
		b.wait(t, 1)
		synctest.Wait()
		e.mu.Lock()
		e.scout.socket = true // writes to the network in memory do not wait
		e.mu.Unlock()
		f(t, e, b)
	})
}

// asleep asks, and returns how many queries are under way before the scout has had a turn,
// and when its turn comes at the latest.
func asleep(e *udp, qs []Query) (flying int, turn time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue.push(qs)
	e.launch(len(qs))
	return e.scout.flying, e.scout.waking
}

// patience is how long the first try of a query is waited for.
func (e *udp) patience() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.control.rto()
}

func TestLend(t *testing.T) {
	lending(t, honest, func(t *testing.T, e *udp, b *box) {
		for k := 1; k < 100; k += 3 {
			if got, _ := asleep(e, ask(k+3, 3)[k:]); got != 3 {
				t.Fatalf("%d of 3 queries have left", got)
			}
			b.wait(t, 3)
			synctest.Wait()
		}
		right(t, b.outs, 100)
		if got, _ := asleep(e, ask(101+smallBatch, 3)[100:]); got != 0 {
			t.Errorf("%d queries have left, more than are packed at once", got)
		}
		right(t, b.wait(t, smallBatch+1), 101+smallBatch)
	})
}

// A query that the caller has sent, and that is lost, is sent again as soon as one that the
// scout has sent.
func TestLendLost(t *testing.T) {
	drop := false
	handler := func(q []byte, from netip.AddrPort) []dnstest.Reply {
		if drop {
			drop = false
			return nil
		}
		return honest(q, from)
	}
	lending(t, handler, func(t *testing.T, e *udp, b *box) {
		for k := 1; k < 3; k++ { // with more losses comes a pace
			time.Sleep(time.Duration(k) * 70 * time.Millisecond)
			drop = true
			began, rto := time.Now(), e.patience()
			if got, _ := asleep(e, ask(k+1, 3)[k:]); got != 1 {
				t.Fatalf("%d queries have left, of 1", got)
			}
			if b.wait(t, 1); b.outs[uint32(k)].Tries != 2 || time.Since(began) > rto+wakeSlack {
				t.Errorf("an outcome after %d tries and %v, the first is waited for %v", b.outs[uint32(k)].Tries, time.Since(began), rto)
			}
			synctest.Wait()
		}
		right(t, b.outs, 3)
	})
}

// What the pace holds back leaves when the pace lets it, without waking the scout before.
func TestLendPace(t *testing.T) {
	lending(t, honest, func(t *testing.T, e *udp, b *box) {
		e.mu.Lock()
		e.control.setPace(time.Now(), 20)
		e.control.keep(time.Now(), 20)
		e.control.bucket.tokens = 0
		e.mu.Unlock()
		began := time.Now()
		got, turn := asleep(e, ask(4, 3)[1:])
		if got != 0 || turn.Sub(began).Round(time.Millisecond) != 50*time.Millisecond {
			t.Errorf("%d queries have left, and the scout wakes after %v, at 20 queries a second", got, turn.Sub(began))
		}
		right(t, b.wait(t, 3), 4)
		if took := time.Since(began); took < 149*time.Millisecond || took > 170*time.Millisecond {
			t.Errorf("three queries took %v, at 20 a second", took)
		}
	})
}

// A socket that cannot be written to is given up by the scout, as after its own writes.
func TestLendBroken(t *testing.T) {
	lending(t, honest, func(t *testing.T, e *udp, b *box) {
		e.mu.Lock()
		first := e.scout
		first.conn = unwritable{first.conn}
		e.mu.Unlock()
		began := time.Now()
		if got, _ := asleep(e, ask(3, 3)[1:]); got != 2 {
			t.Errorf("%d of 2 queries are the scout's", got)
		}
		for token, out := range b.wait(t, 2) {
			if token > 0 && out.Failure != Offline {
				t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
			}
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("the socket was given up after %v", took)
		}
		synctest.Wait()
		e.Ask(ask(5, 3)[3:])
		if outs := b.wait(t, 2); outs[3].Failure != None || outs[4].Failure != None {
			t.Errorf("the next scout: %v, %v", outs[3].Failure, outs[4].Failure)
		}
	})
}

// An unwritable can only be read.
type unwritable struct{ batchConn }

func (unwritable) write([][]byte) error { return syscall.ENETUNREACH }

// Over a socket of the system, the caller sends while the worker receives.
func TestLendLoopback(t *testing.T) {
	server, err := dnstest.Host{UDP: honest}.Start()
	if err != nil {
		t.Fatal(err)
	}
	b := newBox()
	e := NewUDP(Config{Addr: server.Addr(), Deliver: b.deliver, Window: 40, Timeout: 5 * time.Second})
	const n = 3000
	qs := ask(n, 5)
	for k := 0; k < n; k += 3 {
		if k >= 15 { // so many are under way
			b.wait(t, 3)
		}
		e.Ask(qs[k : k+3])
	}
	right(t, b.wait(t, 15), n)
	e.Close()
	server.Close()
}
