package web

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
)

// A wire is a network in memory, for tests with the clock of a bubble. A write
// waits until the other end reads.
type wire struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

func (w *wire) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }

// A from is the server's end of a connection of some address.
type from struct {
	net.Conn
	client net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.client }

// dial returns the client's end of a connection, which ends with the test. It
// has no address.
func (w *wire) dial(t testing.TB) net.Conn { return w.dialFrom(t, "") }

// dialFrom is dial for a client with an IP address.
func (w *wire) dialFrom(t testing.TB, ip string) net.Conn {
	client, server := net.Pipe()
	if ip != "" {
		server = from{server, &net.TCPAddr{IP: net.ParseIP(ip), Port: 1}}
	}
	t.Cleanup(func() { client.Close() })
	select {
	case w.conns <- server:
	case <-w.closed:
		client.Close()
	}
	return client
}

// inMemory starts a server on a wire, with a client. The function stops the
// server and returns the error of Serve.
func inMemory(t testing.TB, opts Options) (w *wire, client *http.Client, stop func() error) {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	w = &wire{conns: make(chan net.Conn), closed: make(chan struct{})}
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return w.dial(t), nil }}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, w) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
	})
	return w, &http.Client{Transport: transport}, stop
}
