package web

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/net/netutil"
)

const (
	maxConnections = 1024
	maxHeader      = 64 << 10

	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute

	// goodbyeTime is how long clients have to take the end of their rows
	// when the server stops.
	goodbyeTime = 5 * time.Second
)

// ErrNoToken is the error of [Server.Serve] on an address that others can
// reach, without a token.
var ErrNoToken = errors.New("an address that is not loopback needs a token")

// Serve serves the connections of a listener until ctx is done; then searches
// end with the rows that they have, and so does Serve, with nil. It closes the
// server and the listener.
//
// It holds at most 1,024 connections.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if s.opts.Token == "" && !isLoopback(l.Addr()) {
		l.Close()
		return ErrNoToken
	}
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: min(headerTime, s.opts.Patience),
		WriteTimeout:      s.opts.Patience, // of what the handler does not write itself
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // about clients that break off
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.stop(errStopping)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbyeTime)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			// Whoever has not taken the end by now is cut off, which is
			// all that closing can fail at.
			_ = server.Close()
		}
	})
	err := server.Serve(netutil.LimitListener(l, maxConnections))
	if !stop() {
		<-stopped
	}
	if e := s.Close(); err == nil {
		err = e
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// isLoopback reports whether only this machine can reach an address.
func isLoopback(a net.Addr) bool {
	if a.Network() == "unix" {
		return true
	}
	ap, err := netip.ParseAddrPort(a.String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}
