package transport

import (
	"net"
	"time"
)

// batchLen is how many packets one system call moves at most. The gain of a
// batch is had at 8; more than 64 only costs memory.
const batchLen = 64

// maxPacket is the largest response that is read whole; maxUDP was announced.
// One that fills the buffer may have been cut by it and is not accepted. It is an
// odd number of cache lines, so that the heads of a batch do not share a set.
const maxPacket = 25 * 64

// A batchConn is a connected packet socket that moves several packets at once
// where the system can.
type batchConn interface {
	// read reads packets. If there are none and wait is set, it waits for them
	// until the read deadline. An implementation that cannot read without a
	// wait reads nothing then.
	read(in *inbox, wait bool) error
	// write sends the packets. One that this machine does not let out is
	// lost like one that the network loses; when the others are on their
	// way, write returns the reason, for which isLoss holds.
	write(out [][]byte) error
	// batch is how many packets a read brings at most.
	batch() int
	// overflows counts the packets that the socket had no room for. It may
	// cost a system call.
	overflows() uint32

	SetReadDeadline(time.Time) error
	Close() error
}

// An inbox is where a read leaves its packets, batchLen at most.
type inbox struct {
	n   int // how many there are
	len []int
	buf [][maxPacket]byte
}

// newInbox returns an inbox for n packets.
func newInbox(n int) inbox { return inbox{len: make([]int, n), buf: make([][maxPacket]byte, n)} }

func (in *inbox) packet(i int) []byte { return in.buf[i][:in.len[i]] }

// plainConn moves one packet at a time, over any connection.
type plainConn struct{ net.Conn }

func (c plainConn) read(in *inbox, wait bool) (err error) {
	in.n = 0
	if !wait {
		return nil
	}
	if in.len[0], err = c.Conn.Read(in.buf[0][:]); err == nil {
		in.n = 1
	}
	return err
}

func (c plainConn) write(out [][]byte) (lost error) {
	for _, p := range out {
		_, err := c.Conn.Write(p)
		switch {
		case err == nil:
		case isLoss(err):
			lost = err
		default:
			return err
		}
	}
	return lost
}

func isLoss(err error) bool { return isAny(err, lossErrors) }

func (c plainConn) batch() int { return 1 }

func (c plainConn) overflows() uint32 { return 0 }
