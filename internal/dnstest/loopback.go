package dnstest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"

	"domprobe/internal/dnsserver"
)

// Start puts a host on a free port of 127.0.0.1. UDP is then called with one
// datagram at a time; nil means that there is no response, and a reply from
// another address comes from another port. Refused and Connect do not matter.
func (h Host) Start() (*Server, error) {
	conn, l, err := dnsserver.Listen("")
	if err != nil {
		return nil, err
	}
	// Without the right to a larger buffer there is a smaller one.
	_ = conn.SetReadBuffer(4 << 20)
	var running sync.WaitGroup
	running.Go(func() { h.serveUDP(conn) })
	stop := serveTCP(l, h.TCP)
	return dnsserver.NewServer(l.Addr().String(), func() error {
		err := errors.Join(conn.Close(), stop())
		running.Wait()
		return err
	}), nil
}

func (h Host) serveUDP(conn *net.UDPConn) {
	delayed := newLater()
	defer delayed.stop()
	for {
		b := make([]byte, 4096)
		n, client, err := conn.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Any other error is an ICMP message about an earlier response.
		if err != nil || h.UDP == nil {
			continue
		}
		for _, r := range h.UDP(b[:n], client) {
			delayed.do(r.Delay, func() { send(conn, client, r) })
		}
	}
}

// send sends a reply. A client that has gone away is no concern of the server's.
func send(conn *net.UDPConn, client netip.AddrPort, r Reply) {
	if r.From.IsValid() && r.From != addrPort(conn.LocalAddr()) {
		other, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return
		}
		defer other.Close()
		conn = other
	}
	_, _ = conn.WriteToUDPAddrPort(r.Bytes, client)
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
