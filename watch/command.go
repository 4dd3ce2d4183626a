package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"domprobe/internal/term"
)

// Command returns a sink that runs a command line of the shell for each event, with
// the variables DOMPROBE_NAME, DOMPROBE_EVENT, DOMPROBE_OLD and DOMPROBE_NEW. A
// command that is not there is an error now.
//
// A command that takes longer than a minute is killed, with all that it has started.
func Command(line string) (Sink, error) {
	if err := findable(line); err != nil {
		return Sink{}, err
	}
	return Sink{Name: "exec", Deliver: func(ctx context.Context, e Event) error { return run(ctx, line, e) }}, nil
}

// findable asks the shell whether it knows the first word of a command line, if that
// is the command, and not a part of the shell's language.
func findable(line string) error {
	m := regexp.MustCompile(`^\s*([\w./+-]+)(\s|$)`).FindStringSubmatch(line)
	if m == nil || runtime.GOOS == "windows" {
		return nil
	}
	if err := exec.Command("sh", "-c", `command -v -- "$1"`, "sh", m[1]).Run(); err != nil {
		return fmt.Errorf("there is no command %s", m[1])
	}
	return nil
}

// run runs a command line once.
func run(ctx context.Context, line string, e Event) error {
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], shell[1], line)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), isSecret),
		"DOMPROBE_NAME="+e.Name, "DOMPROBE_EVENT="+string(e.Kind), "DOMPROBE_OLD="+e.Old, "DOMPROBE_NEW="+e.New)
	var said tail
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = time.Second // for what has left the group and keeps the output open
	ownGroup(cmd)
	err := cmd.Run()
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		return nil
	case ctx.Err() != nil:
		return errors.New("the command took too long")
	}
	if last := said.lastLine(); last != "" {
		return fmt.Errorf("%w: %s", err, last)
	}
	return err
}

// SecretVariable is the environment variable of the secret of a webhook, which no
// command gets.
const SecretVariable = "DOMPROBE_WEBHOOK_SECRET"

func isSecret(variable string) bool { return strings.HasPrefix(variable, SecretVariable+"=") }

// A tail is the end of what a command has printed.
type tail struct{ text []byte }

const maxTail = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if n := len(t.text) - maxTail; n > 0 {
		t.text = append(t.text[:0], t.text[n:]...)
	}
	return len(p), nil
}

// lastLine returns the last line, for a terminal.
func (t *tail) lastLine() string {
	text := bytes.TrimSpace(t.text)
	return term.Visible(string(text[bytes.LastIndexByte(text, '\n')+1:]))
}
