package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A canceling writer is one that a signal comes to.
type canceling struct {
	cancel func()
	err    error
}

func (c canceling) Write(p []byte) (int, error) {
	c.cancel()
	if c.err != nil {
		return 0, c.err
	}
	return len(p), nil
}

// A signal before the last row is written interrupts, whatever else the run
// ends with, unless it had found all that it was to find.
func TestInterruptedAtTheEnd(t *testing.T) {
	for _, tt := range []struct {
		args   string
		err    error // of writing
		code   int
		stderr string // its end
	}{
		{"", nil, 130, ""},
		{"--expect not-found", nil, 130, "domprobe: go.dev: found (exists) is not expected\n"},
		{"", syscall.ENOSPC, 130, "domprobe: no space left on device\n"},
		{"", syscall.EPIPE, 130, ""},
		{"--stop-after 1", nil, 0, ""},
		{"--stop-after 1", errors.New("disk on fire"), 1, "domprobe: disk on fire\n"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		args := "-r demo -q -t dev -c 1 -f names --sort name go qxvzkwj " + tt.args // all is written at the end
		code, stderr := runLine(t, ctx, nil, canceling{cancel, tt.err}, strings.Fields(args)...)
		if code != tt.code || stderr != tt.stderr {
			t.Errorf("%s, writing ends with %v: exit code %d, stderr %q; want %d, %q", args, tt.err, code, stderr, tt.code, tt.stderr)
		}
	}
}

// A stuck reader is a terminal at which nobody types. A signal comes while it
// is read.
type stuck struct {
	text   io.Reader // what was typed before
	signal func()
	ended  chan struct{}
}

func (s *stuck) Read(p []byte) (int, error) {
	if n, err := s.text.Read(p); err == nil {
		return n, nil
	}
	s.signal()
	<-s.ended
	return 0, io.EOF
}

// One signal is enough, whatever a command waits for.
func TestInterruptedInput(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "saved.csv")
	if err := os.WriteFile(saved, []byte("domain,verdict\ngo.dev,found\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(t.TempDir(), "dev.zone")
	nobody := filepath.Join(t.TempDir(), "rdap.json")
	if err := os.WriteFile(nobody, []byte(`{"version":"1.0","services":[[["test"],["http://127.0.0.1:9/"]]]}`), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ args, typed string }{
		{"-r demo -q -t dev -", "go\n"},
		{"-r demo -q -t dev - --ordered", "go\n"},
		{"-r demo -q -t dev - --combine 2", "go\nzig\n"},
		{"-r demo -q -t dev - --dry-run", "go\n"},
		{"render -", "domain,verdict\n"},
		{"diff - " + saved, "domain,verdict\n"},
		{"diff " + saved + " -", ""},
		{"rdap --rdap-bootstrap " + nobody + " - -f json", ""},
		{"rdap --rdap-bootstrap " + nobody + " - -q", "-.dev\n"},
		{"zone build - -o " + index, "go.dev\n"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		in := &stuck{strings.NewReader(tt.typed), cancel, make(chan struct{})}
		mustEnd(t, ctx, in, tt.args)
		if left, err := os.ReadDir(filepath.Dir(index)); err != nil || len(left) > 0 {
			t.Errorf("%s leaves %v, %v", tt.args, left, err)
		}
		close(in.ended)
	}
}

// mustEnd runs a command that ctx ends.
func mustEnd(t *testing.T, ctx context.Context, in io.Reader, args string) {
	t.Helper()
	ended := make(chan string, 1)
	go func() {
		var errs strings.Builder
		code := Run(ctx, append([]string{"domprobe"}, strings.Fields(args)...), Streams{In: in, Out: io.Discard, Err: &errs})
		if code != codeInterrupted || errs.Len() > 0 {
			t.Errorf("%s: exit code %d, stderr %q; want 130 and silence", args, code, errs.String())
		}
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatalf("%s: goes on after a signal", args)
	}
}
