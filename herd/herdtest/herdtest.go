// Package herdtest has the parts that tests and benchmarks of a herd share: a NATS
// server in the process, and a log that a test waits for.
package herdtest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// StartNATS starts a NATS server on loopback, and with JetStream if it has a folder
// for it. The port -1 is a free one.
func StartNATS(o server.Options) (*server.Server, error) {
	o.Host, o.JetStream, o.NoLog, o.NoSigs = "127.0.0.1", o.StoreDir != "", true, true
	s, err := server.NewServer(&o)
	if err != nil {
		return nil, fmt.Errorf("start a NATS server: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		StopNATS(s)
		return nil, errors.New("start a NATS server: it does not get ready")
	}
	return s, nil
}

// StopNATS stops a server and waits until it has ended.
func StopNATS(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// NATS starts a server for the length of the test.
func NATS(t testing.TB, o server.Options) *server.Server {
	t.Helper()
	s, err := StartNATS(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { StopNATS(s) })
	return s
}

// A Log collects messages. It is safe for concurrent use.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Wait waits until the log has a text.
func (l *Log) Wait(t testing.TB, text string) {
	t.Helper()
	Until(t, func() bool { return strings.Contains(l.String(), text) }, func() string { return "no " + text + " in\n" + l.String() })
}

// Until waits until it is done. The test fails after 30 seconds, and says why.
func Until(t testing.TB, done func() bool, why func() string) {
	t.Helper()
	for range 3000 {
		if done() {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatal(why())
}
