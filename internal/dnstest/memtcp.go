package dnstest

import (
	"io"
	"net"
	"os"
	"syscall"
)

// maxBuffered is how many octets one direction of a connection holds before
// Write blocks.
const maxBuffered = 64 << 10

// A tcpConn is one end of a TCP connection of a [Net].
type tcpConn struct {
	socket // the gate is that of both ends
	peer   *tcpConn
	unread []byte // written by the peer
	abort  bool   // Close resets
}

func (c *tcpConn) Read(b []byte) (int, error) {
	c.gate.Lock()
	defer c.gate.Unlock()
	for {
		if err := c.usable("read", c.readBy); err != nil {
			return 0, err
		}
		switch {
		case c.peer.shut && c.peer.abort:
			return 0, c.fail("read", os.NewSyscallError("read", syscall.ECONNRESET))
		case len(c.unread) > 0:
			n := copy(b, c.unread)
			c.unread = c.unread[n:]
			c.gate.broadcast()
			return n, nil
		case c.peer.shut:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		c.gate.wait(c.readBy)
	}
}

func (c *tcpConn) Write(b []byte) (int, error) {
	c.gate.Lock()
	defer c.gate.Unlock()
	for n := 0; ; {
		if err := c.usable("write", c.writeBy); err != nil {
			return n, err
		}
		switch {
		case c.peer.shut && c.peer.abort:
			return n, c.fail("write", os.NewSyscallError("write", syscall.ECONNRESET))
		case c.peer.shut:
			return n, c.fail("write", os.NewSyscallError("write", syscall.EPIPE))
		}
		k := min(len(b)-n, maxBuffered-len(c.peer.unread))
		c.peer.unread = append(c.peer.unread, b[n:n+k]...)
		n += k
		c.gate.broadcast()
		if n == len(b) {
			return n, nil
		}
		c.gate.wait(c.writeBy)
	}
}

// SetLinger with zero makes Close reset the connection, as that of
// [net.TCPConn] does.
func (c *tcpConn) SetLinger(sec int) error {
	return c.change("set", func() { c.abort = sec == 0 })
}

// Reset closes a connection, of a [Net] or a real one, so that the other end
// sees a reset instead of an end.
func Reset(conn net.Conn) error {
	if l, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		if err := l.SetLinger(0); err != nil {
			return err
		}
	}
	return conn.Close()
}
