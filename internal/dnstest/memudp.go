package dnstest

import (
	"net"
	"os"
	"slices"
	"syscall"
	"time"
)

const (
	maxUnread   = 4096 // datagrams a socket holds for Read; more are lost
	maxDatagram = 65507
)

// A packetConn is a connected UDP socket of a [Net].
type packetConn struct {
	socket
	host     Host
	inFlight flights
	unread   []Reply
}

func (c *packetConn) Write(b []byte) (int, error) {
	c.gate.Lock()
	shut, late := c.shut, passed(c.writeBy)
	c.gate.Unlock()
	switch {
	case shut:
		return 0, c.fail("write", net.ErrClosed)
	case late:
		return 0, c.fail("write", os.ErrDeadlineExceeded)
	case len(b) > maxDatagram:
		return 0, c.fail("write", os.NewSyscallError("write", syscall.EMSGSIZE))
	}
	replies := []Reply{{Refused: true}}
	if c.host.UDP != nil {
		replies = c.host.UDP(slices.Clone(b), c.local)
	}
	for _, r := range replies {
		if r.From.IsValid() && r.From != c.remote {
			continue // as the kernel drops it
		}
		r.Bytes = slices.Clone(r.Bytes)
		c.send(r)
	}
	return len(b), nil
}

// send puts a reply on its way.
func (c *packetConn) send(r Reply) {
	c.gate.Lock()
	defer c.gate.Unlock()
	c.inFlight.add(r.Delay, func() {
		if len(c.unread) < maxUnread {
			c.unread = append(c.unread, r)
		}
	})
	if r.Delay <= 0 {
		c.arrive()
		return
	}
	time.AfterFunc(r.Delay, func() {
		c.gate.Lock()
		defer c.gate.Unlock()
		c.arrive()
	})
}

// arrive moves what is due to the reader. The gate must be locked.
func (c *packetConn) arrive() {
	c.inFlight.land()
	c.gate.broadcast()
}

func (c *packetConn) Read(b []byte) (int, error) {
	c.gate.Lock()
	defer c.gate.Unlock()
	for {
		switch {
		case c.shut:
			return 0, c.fail("read", net.ErrClosed)
		case passed(c.readBy):
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case len(c.unread) > 0:
			r := c.unread[0]
			c.unread = c.unread[1:]
			if r.Refused {
				return 0, c.fail("read", os.NewSyscallError("read", syscall.ECONNREFUSED))
			}
			return copy(b, r.Bytes), nil
		}
		c.gate.wait(c.readBy)
	}
}

func (c *packetConn) Close() error {
	c.gate.Lock()
	defer c.gate.Unlock()
	if c.shut {
		return c.fail("close", net.ErrClosed)
	}
	c.closed()
	c.shut, c.inFlight, c.unread = true, flights{}, nil
	c.gate.broadcast()
	return nil
}

// ReadFrom and WriteTo make the connection a [net.PacketConn], by which the
// dns package tells datagrams from streams.

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := c.Read(b)
	return n, c.RemoteAddr(), err
}

func (c *packetConn) WriteTo([]byte, net.Addr) (int, error) {
	return 0, c.fail("write", net.ErrWriteToConnected)
}
