//go:build unix

package watch

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	t.Setenv(SecretVariable, "correct horse")
	out := filepath.Join(t.TempDir(), "out")
	t.Setenv("OUT", out)
	sink, err := Command(`printf '%s|%s|%s|%s|%s' "$DOMPROBE_NAME" "$DOMPROBE_EVENT" "$DOMPROBE_OLD" "$DOMPROBE_NEW" "$DOMPROBE_WEBHOOK_SECRET" >"$OUT"; echo said`)
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Deliver(t.Context(), Event{Name: "go.dev", Kind: Status, Old: "$(id)", New: `a "b"; c`}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(out); string(text) != `go.dev|status|$(id)|a "b"; c|` || err != nil {
		t.Errorf("%s, %v", text, err)
	}
}

func TestCommandFails(t *testing.T) {
	for line, want := range map[string]string{
		"exit 3":                              "exit status 3",
		"echo one; echo 'two\x1b' >&2; false": `exit status 1: two\x1b`,
		`echo 'no "x"'; false`:                `exit status 1: no "x"`,
		"(nosuch-program)":                    "not found",
		"seq 100000; exit 1":                  "exit status 1: 100000",
	} {
		sink, err := Command(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if err := sink.Deliver(t.Context(), Event{}); err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}

func TestNoCommand(t *testing.T) {
	for _, line := range []string{"nosuch-program", "  nosuch-program -x", "./nosuch", "/nosuch/program a"} {
		if _, err := Command(line); err == nil || !strings.HasPrefix(err.Error(), "there is no command ") {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, line := range []string{"echo", "cd / && ls", "X=1 nosuch", "exec true", `"$HOME/nosuch"`} {
		if _, err := Command(line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// A command that takes too long is killed with what it has started.
func TestCommandTooLong(t *testing.T) {
	left := filepath.Join(t.TempDir(), "left")
	t.Setenv("LEFT", left)
	sink, err := Command(`mkfifo "$LEFT"; (exec 3<>"$LEFT"; : >"$LEFT.open"; read x <&3) & wait`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sink.Deliver(ctx, Event{}) }()
	for _, err := os.Stat(left + ".open"); err != nil; _, err = os.Stat(left + ".open") {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err == nil || err.Error() != "the command took too long" {
		t.Error(err)
	}
	// Nobody reads the FIFO any more: a writer that does not wait is refused.
	if f, err := os.OpenFile(left, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		f.Close()
		t.Error("what the command has started is alive")
	}
}
