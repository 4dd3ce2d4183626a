package dnstest

import (
	"errors"
	"fmt"
	"net"

	"domprobe/internal/dnsserver"
)

// Closed reserves a port of 127.0.0.1 at which nobody listens: queries to it
// are refused, over UDP and TCP, and no other program gets it, until the server
// is closed.
func Closed() (*Server, error) {
	peer, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("reserving a port: %w", err)
	}
	const tries = 20 // the port that UDP got may be taken for TCP
	for range tries {
		var s *Server
		if s, err = reserve(peer); err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("reserving a port: %w", err), peer.Close())
}

// reserve takes a port by sockets that are connected to the peer's, and so get
// nothing from anywhere else. Its server closes the peer.
func reserve(peer net.Listener) (*Server, error) {
	udp, err := net.Dial("udp", peer.Addr().String())
	if err != nil {
		return nil, err
	}
	addr := udp.LocalAddr().(*net.UDPAddr)
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: addr.IP, Port: addr.Port}}
	tcp, err := d.Dial("tcp", peer.Addr().String())
	if err != nil {
		return nil, errors.Join(err, udp.Close())
	}
	return dnsserver.NewServer(addr.String(), func() error {
		return errors.Join(udp.Close(), tcp.Close(), peer.Close())
	}), nil
}
