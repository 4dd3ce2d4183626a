package dnstest

import (
	"net"
	"os"
	"slices"
	"syscall"
	"time"
)

const (
	maxInFlight = 1 << 17 // replies on their way to a socket; more are lost
	maxUnread   = 4096    // datagrams that a socket holds for Read; more are lost
	maxDatagram = 65507
)

// A packetConn is a connected UDP socket of a [Net].
type packetConn struct {
	socket
	host    Host
	replies []arrival // the next one first
}

// An arrival is a reply and the time from which it can be read.
type arrival struct {
	at    time.Time
	reply Reply
}

func (c *packetConn) Write(b []byte) (int, error) {
	c.gate.Lock()
	err := c.usable("write", c.writeBy)
	c.gate.Unlock()
	if err != nil {
		return 0, err
	}
	if len(b) > maxDatagram {
		return 0, c.fail("write", os.NewSyscallError("write", syscall.EMSGSIZE))
	}
	replies := []Reply{{Refused: true}}
	if c.host.UDP != nil {
		replies = c.host.UDP(slices.Clone(b), addrPort(c.local))
	}
	c.gate.Lock()
	defer c.gate.Unlock()
	for _, r := range replies {
		if !r.From.IsValid() || r.From == addrPort(c.remote) {
			c.send(r)
		}
	}
	return len(b), nil
}

// send puts a reply on its way, behind all that arrive at the same time.
func (c *packetConn) send(r Reply) {
	if len(c.replies) == maxInFlight {
		return
	}
	r.Bytes = slices.Clone(r.Bytes)
	at := time.Now().Add(r.Delay)
	i := c.arrived(at)
	c.replies = slices.Insert(c.replies, i, arrival{at, r})
	if i == 0 {
		c.gate.broadcast()
	}
}

// arrived returns how many replies there are at a time.
func (c *packetConn) arrived(now time.Time) int {
	n, _ := slices.BinarySearchFunc(c.replies, now, func(a arrival, now time.Time) int {
		if a.at.After(now) {
			return 1
		}
		return -1
	})
	return n
}

func (c *packetConn) Read(b []byte) (int, error) {
	c.gate.Lock()
	defer c.gate.Unlock()
	for {
		if err := c.usable("read", c.readBy); err != nil {
			return 0, err
		}
		if n := c.arrived(time.Now()); n > 0 {
			c.replies = slices.Delete(c.replies, min(n, maxUnread), n)
			r := c.replies[0].reply
			c.replies = c.replies[1:]
			if r.Refused {
				return 0, c.fail("read", os.NewSyscallError("read", syscall.ECONNREFUSED))
			}
			return copy(b, r.Bytes), nil
		}
		until := c.readBy
		if len(c.replies) > 0 && (until.IsZero() || c.replies[0].at.Before(until)) {
			until = c.replies[0].at
		}
		c.gate.wait(until)
	}
}

// ReadFrom and WriteTo make the connection a [net.PacketConn], by which the
// dns package tells UDP from TCP.

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := c.Read(b)
	return n, c.RemoteAddr(), err
}

func (c *packetConn) WriteTo([]byte, net.Addr) (int, error) {
	return 0, c.fail("write", net.ErrWriteToConnected)
}
