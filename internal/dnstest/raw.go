package dnstest

import (
	"context"
	"errors"
	"net"
	"sync"

	"domprobe/internal/dnsserver"
)

// Raw responds in bytes, so that it can send what no DNS library would: a
// wrong ID, a message cut in the middle, half a frame and then a reset.
type Raw struct {
	// UDP is called with each datagram, one at a time, and responds through
	// the socket that it came from, or through another one. It may keep q.
	// Nil means that there is no response.
	UDP func(pc net.PacketConn, from net.Addr, q []byte)

	// TCP serves one connection, which is closed when it returns. Nil means
	// that connections are refused.
	TCP func(conn net.Conn)
}

// Bytes makes the UDP side of a [Raw] that sends each message that the
// function returns for a query.
func Bytes(f func(q []byte) [][]byte) func(pc net.PacketConn, from net.Addr, q []byte) {
	return func(pc net.PacketConn, from net.Addr, q []byte) {
		for _, msg := range f(q) {
			// A client that has gone away is no concern of the server's.
			_, _ = pc.WriteTo(msg, from)
		}
	}
}

// ServeRaw starts a server that responds in bytes, on a free port of 127.0.0.1.
func ServeRaw(r Raw) (*Server, error) {
	pc, l, err := dnsserver.Listen("")
	if err != nil {
		return nil, err
	}
	// Without the right to a larger buffer there is a smaller one.
	_ = pc.SetReadBuffer(4 << 20)
	var running sync.WaitGroup
	running.Go(func() { serveUDP(pc, r.UDP) })
	stop := serveTCP(l, r.TCP)
	return dnsserver.NewServer(pc.LocalAddr().String(), func() error {
		err := errors.Join(pc.Close(), stop())
		running.Wait()
		return err
	}), nil
}

func serveUDP(pc net.PacketConn, f func(net.PacketConn, net.Addr, []byte)) {
	for {
		b := make([]byte, 4096)
		n, from, err := pc.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Any other error is an ICMP message about an earlier response.
		if err == nil && f != nil {
			f(pc, from, b[:n])
		}
	}
}

// serveTCP accepts connections until stop is called, which closes them and
// waits for their handlers. Without a handler they are refused.
func serveTCP(l net.Listener, f func(conn net.Conn)) (stop func() error) {
	if f == nil {
		err := l.Close()
		return func() error { return err }
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(ctx, func() { conn.Close() })()
				f(conn)
			})
		}
	})
	return func() error {
		cancel()
		err := l.Close()
		running.Wait()
		return err
	}
}
