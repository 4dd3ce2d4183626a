package web

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

const (
	maxHeader  = 64 << 10
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute

	// goodbyeTime is how long clients have to read the end of their rows
	// when the server stops.
	goodbyeTime = 5 * time.Second
)

// ErrNoToken is the error of [Server.Serve] on an address that others can
// reach, without a token.
var ErrNoToken = errors.New("an address that is not loopback needs a token")

// Serve serves the connections of a listener until ctx is done. Then searches
// end with the rows that they have, and Serve returns nil. It closes the server
// and the listener.
//
// At most 1,024 connections are open, and 256 of one client. Idle ones are
// closed when another one needs the room.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	local := l.Addr().Network() == "unix" || addressOf(l.Addr().String()).IsLoopback()
	if s.opts.Token == "" && !local {
		l.Close()
		return ErrNoToken
	}
	bounded := newListener(l)
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: min(headerTime, s.opts.Patience),
		WriteTimeout:      s.opts.Patience, // of responses that net/http writes itself
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ConnState:         bounded.note,
		ErrorLog:          log.New(io.Discard, "", 0), // of clients that break off
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.stop(errStopping)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbyeTime)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			// Closing the connections of the remaining clients is all
			// that can fail.
			_ = server.Close()
		}
	})
	err := server.Serve(bounded)
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
