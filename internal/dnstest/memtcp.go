package dnstest

import (
	"io"
	"net"
	"os"
	"syscall"
)

// maxBuffered is how many octets one direction of a stream holds before
// Write blocks.
const maxBuffered = 64 << 10

// A streamConn is one end of a TCP connection of a [Net].
type streamConn struct {
	socket  // the gate is that of both ends
	in, out *pipe
	abort   bool // Close resets
}

// A pipe is one direction of a stream.
type pipe struct {
	buf   []byte
	ended bool // no more will be written
	gone  bool // nobody reads any more
	reset bool
}

func newStream(e ends) (client, server *streamConn) {
	up, down, g := new(pipe), new(pipe), new(gate)
	client = &streamConn{socket: socket{ends: e, gate: g}, in: down, out: up}
	e.local, e.remote = e.remote, e.local
	server = &streamConn{socket: socket{ends: e, gate: g}, in: up, out: down}
	return client, server
}

func (c *streamConn) Read(b []byte) (int, error) {
	c.gate.Lock()
	defer c.gate.Unlock()
	for {
		switch {
		case c.shut:
			return 0, c.fail("read", net.ErrClosed)
		case passed(c.readBy):
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case c.in.reset:
			return 0, c.fail("read", os.NewSyscallError("read", syscall.ECONNRESET))
		case len(c.in.buf) > 0:
			n := copy(b, c.in.buf)
			c.in.buf = c.in.buf[n:]
			c.gate.broadcast()
			return n, nil
		case c.in.ended:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		c.gate.wait(c.readBy)
	}
}

func (c *streamConn) Write(b []byte) (int, error) {
	c.gate.Lock()
	defer c.gate.Unlock()
	for n := 0; ; {
		switch {
		case c.shut:
			return n, c.fail("write", net.ErrClosed)
		case passed(c.writeBy):
			return n, c.fail("write", os.ErrDeadlineExceeded)
		case c.in.reset:
			return n, c.fail("write", os.NewSyscallError("write", syscall.ECONNRESET))
		case c.out.gone:
			return n, c.fail("write", os.NewSyscallError("write", syscall.EPIPE))
		}
		k := min(len(b)-n, maxBuffered-len(c.out.buf))
		c.out.buf = append(c.out.buf, b[n:n+k]...)
		n += k
		c.gate.broadcast()
		if n == len(b) {
			return n, nil
		}
		c.gate.wait(c.writeBy)
	}
}

// Close ends the stream: the other end reads what was written, and then EOF.
func (c *streamConn) Close() error {
	c.gate.Lock()
	defer c.gate.Unlock()
	if c.shut {
		return c.fail("close", net.ErrClosed)
	}
	c.shut = true
	c.out.ended = true
	c.in.gone = true
	c.out.reset = c.abort
	c.closed()
	c.gate.broadcast()
	return nil
}

// SetLinger with zero makes Close reset the connection, as that of
// [net.TCPConn] does.
func (c *streamConn) SetLinger(sec int) error {
	c.gate.Lock()
	defer c.gate.Unlock()
	c.abort = sec == 0
	return nil
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
