package transport

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/internal/dnstest"
)

// A crowd is many servers, each with an engine that shares a bound of sockets.
type crowd struct {
	net     *dnstest.Net
	sockets *Sockets
	engines []Engine
	boxes   []*box
	most    atomic.Int32 // sockets open at once
}

func newCrowd(n, sockets int, idle time.Duration, host dnstest.Host, make func(cfg Config) Engine) *crowd {
	c := &crowd{net: new(dnstest.Net), sockets: NewSockets(sockets)}
	var open atomic.Int32
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := c.net.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if now := open.Add(1); now > c.most.Load() {
			c.most.Store(now)
		}
		return &countedConn{conn, sync.OnceFunc(func() { open.Add(-1) })}, nil
	}
	for i := range n {
		addr := fmt.Sprintf("192.0.%d.%d:53", 2+i/250, 1+i%250)
		c.net.Listen(addr, host)
		b := newBox()
		c.boxes = append(c.boxes, b)
		c.engines = append(c.engines, make(Config{Addr: addr, Dial: dial, Deliver: b.deliver, Window: 100, Timeout: 2 * time.Second, Sockets: c.sockets, Idle: idle}))
	}
	return c
}

func (c *crowd) close(t *testing.T) {
	t.Helper()
	for _, e := range c.engines {
		e.Close()
	}
	if c.sockets.free != c.sockets.size || len(c.sockets.held)+len(c.sockets.waiting)+c.sockets.asked != 0 {
		t.Errorf("%d of %d descriptors are free after all, %d held, %d waited for", c.sockets.free, c.sockets.size, len(c.sockets.held), len(c.sockets.waiting))
	}
	c.net.Close()
}

var bothEngines = map[string]func(cfg Config) Engine{"UDP": NewUDP, "TCP": newTCP}

// Hundreds of servers are asked over a few sockets, all at once or one after
// another, however long their queues are.
func TestSocketsShared(t *testing.T) {
	h := late(honest, func(int) time.Duration { return 20 * time.Millisecond })
	host := dnstest.Host{UDP: h, TCP: dnstest.Stream(h)}
	for name, make := range bothEngines {
		for _, each := range []int{1, 5, 300} {
			t.Run(fmt.Sprint(name, each), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const servers, sockets = 200, 10
					c := newCrowd(servers, sockets, 0, host, make)
					for range 2 {
						for _, e := range c.engines {
							e.Ask(ask(each, 2))
						}
						for _, b := range c.boxes {
							right(t, b.wait(t, each), each)
							b.outs = map[uint32]Outcome{}
						}
					}
					if most := c.most.Load(); most > sockets {
						t.Errorf("%d sockets were open, of %d", most, sockets)
					}
					c.close(t)
				})
			})
		}
	}
}

// Engines that have always something to ask do not keep the others waiting.
func TestSocketsTurns(t *testing.T) {
	h := late(honest, func(int) time.Duration { return 20 * time.Millisecond })
	for name, make := range bothEngines {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(leastSockets+1, leastSockets, 0, dnstest.Host{UDP: h, TCP: dnstest.Stream(h)}, make)
				for _, e := range c.engines[:leastSockets] {
					e.Ask(ask(1<<15, 2))
				}
				time.Sleep(100 * time.Millisecond)
				began := time.Now()
				c.engines[leastSockets].Ask(ask(1, 2))
				right(t, c.boxes[leastSockets].wait(t, 1), 1)
				if took := time.Since(began); took > time.Second {
					t.Errorf("the one query took %v", took)
				}
				for _, b := range c.boxes[:leastSockets] {
					right(t, b.wait(t, 1<<15), 1<<15)
				}
				c.close(t)
			})
		})
	}
}

// Of sockets that are idle, the one that has been so longest is closed.
func TestSocketsLongestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSockets(leastSockets)
		left := map[int]bool{}
		var leases []*lease
		for i := range leastSockets {
			l, err := s.take(t.Context(), func() { left[i] = true })
			if err != nil {
				t.Fatal(err)
			}
			leases = append(leases, l)
		}
		leases[3].rest(time.Unix(20, 0))
		leases[5].rest(time.Unix(10, 0))
		leases[6].rest(time.Unix(5, 0))
		leases[6].busy()
		if _, err := s.takeMore(1, nil); err == nil {
			t.Error("one more than there are is granted")
		}
		got := make(chan *lease)
		for _, want := range []int{5, 3, 0} {
			go func() {
				l, _ := s.take(t.Context(), func() {})
				got <- l
			}()
			synctest.Wait()
			if !left[want] || len(left) != 1 {
				t.Errorf("%v are asked to leave, want %d", left, want)
			}
			clear(left)
			leases[want].release()
			leases = append(leases, <-got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.take(ctx, func() {}); err == nil {
			t.Error("a wait that is given up is granted")
		}
		for _, l := range leases {
			l.release()
		}
		if s.free != s.size || s.asked != 0 {
			t.Errorf("%d of %d are free", s.free, s.size)
		}
	})
}

// Half of the descriptors are for the first socket of each engine.
func TestSocketsMore(t *testing.T) {
	s := NewSockets(leastSockets)
	for i, n := range []int{leastSockets / 4, leastSockets / 4} {
		if _, err := s.takeMore(n, nil); err != nil {
			t.Errorf("socket %d: %v", i, err)
		}
	}
	if _, err := s.takeMore(1, nil); err == nil {
		t.Error("more than half are granted")
	}
	for range leastSockets / 2 {
		if _, err := s.take(t.Context(), func() {}); err != nil {
			t.Error(err)
		}
	}
}

// Where the system has fewer descriptors than was thought, an idle socket is closed and
// none that is in use.
func TestSocketsRelieve(t *testing.T) {
	s := NewSockets(leastSockets)
	left := 0
	l, err := s.take(t.Context(), func() { left++ })
	if err != nil {
		t.Fatal(err)
	}
	if s.relieve(); left != 0 {
		t.Error("a socket in use is closed")
	}
	l.rest(time.Unix(1000, 0))
	if s.relieve(); left != 1 {
		t.Error("an idle socket is not closed")
	}
	if s.relieve(); left != 1 {
		t.Error("it is closed twice")
	}
}

// A socket over which nothing is asked is closed after a while, and another opened
// when there is something.
func TestSocketIdle(t *testing.T) {
	for name, make := range bothEngines {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(1, 100, time.Minute, dnstest.Host{UDP: honest, TCP: dnstest.Stream(honest)}, make)
				for _, n := range []int{1, 90, 1, scoutAsked + 1, 1} {
					c.engines[0].Ask(ask(n, 2))
					right(t, c.boxes[0].wait(t, n), n)
					c.boxes[0].outs = map[uint32]Outcome{}
					time.Sleep(time.Minute - time.Second)
					synctest.Wait()
					if taken := c.sockets.size - c.sockets.free; c.net.Open() == 0 || n == 1 && taken != 1 {
						t.Errorf("%d sockets are taken for %d queries before their time is over", taken, n)
					}
					time.Sleep(2 * time.Second)
					synctest.Wait()
					if open := c.net.Open(); open != 0 || c.sockets.free != c.sockets.size {
						t.Errorf("%d sockets are open after a minute", open)
					}
				}
				c.close(t)
			})
		})
	}
}

// A socket that is used now and then is not idle.
func TestSocketNotIdle(t *testing.T) {
	for name, make := range bothEngines {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(1, 100, time.Minute, dnstest.Host{UDP: honest, TCP: dnstest.Stream(honest)}, make)
				for range 3 {
					c.engines[0].Ask(ask(1, 2))
					right(t, c.boxes[0].wait(t, 1), 1)
					c.boxes[0].outs = map[uint32]Outcome{}
					time.Sleep(50 * time.Second)
					synctest.Wait()
					if c.net.Open() == 0 {
						t.Error("closed before its time")
					}
				}
				c.close(t)
			})
		})
	}
}

// An engine that is closed while it waits for a socket settles what it has.
func TestSocketsClosed(t *testing.T) {
	silent := func([]byte, netip.AddrPort) []dnstest.Reply { return nil }
	for name, make := range bothEngines {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(leastSockets+1, leastSockets, 0, dnstest.Host{UDP: silent, TCP: dnstest.Stream(silent)}, make)
				for _, e := range c.engines {
					e.Ask(ask(1, 100))
				}
				synctest.Wait()
				c.close(t)
				for _, b := range c.boxes {
					if out := b.wait(t, 1)[0]; out.Failure != Closed {
						t.Errorf("%v", out.Failure)
					}
				}
			})
		})
	}
}
