package dnstest

import (
	"errors"
	"net"
	"runtime"

	"golang.org/x/net/ipv4"
)

// A batchConn reads and writes several datagrams at once, as
// [ipv4.PacketConn] does.
type batchConn interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
	WriteBatch(ms []ipv4.Message, flags int) (int, error)
}

// newBatchConn returns the connection with batches of many datagrams where
// the system knows such calls, and of one elsewhere.
func newBatchConn(conn *net.UDPConn) batchConn {
	if runtime.GOOS == "linux" {
		return ipv4.NewPacketConn(conn)
	}
	return plainConn{conn}
}

// writeAll writes all messages; one that cannot be sent is lost.
func writeAll(pc batchConn, ms []ipv4.Message) {
	for len(ms) > 0 {
		n, err := pc.WriteBatch(ms, 0)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		ms = ms[max(n, 1):]
	}
}

// A plainConn moves one datagram in a call.
type plainConn struct{ *net.UDPConn }

func (c plainConn) ReadBatch(ms []ipv4.Message, _ int) (n int, err error) {
	ms[0].N, ms[0].Addr, err = c.ReadFrom(ms[0].Buffers[0])
	return 1, err
}

func (c plainConn) WriteBatch(ms []ipv4.Message, _ int) (int, error) {
	_, err := c.WriteTo(ms[0].Buffers[0], ms[0].Addr)
	return 1, err
}
