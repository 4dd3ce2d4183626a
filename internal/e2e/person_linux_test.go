package e2e

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Somebody who answers no to the question has sent nothing.
func TestQuestionAtTerminal(t *testing.T) {
	t.Parallel()
	keyboard, program := openTerminal(t)
	cmd := exec.Command("domprobe", "-r", "192.0.2.1", "-t", "dev", "--pattern", "[a-z]{3}", "-f", "none")
	cmd.Env = append(os.Environ(), "TERM=xterm")
	cmd.Stdin = program
	answered := false
	s := runAtTerminal(t, cmd, func(_ *os.File, raw string) {
		if !answered && strings.HasSuffix(raw, "[y/N] ") {
			answered = true
			if _, err := keyboard.WriteString("n\n"); err != nil {
				t.Error(err)
			}
		}
	})
	if s.code != 2 || !strings.Contains(s.raw, "domprobe: 17576 names, in about ") || !strings.Contains(s.raw, "not begun; -y begins without the question") {
		t.Errorf("exit code %d, %q", s.code, s.raw)
	}
}

// The columns fit the names on a wide terminal, and a narrow terminal.
func TestColumnsFitTerminal(t *testing.T) {
	t.Parallel()
	resolver := slowResolver(t, "go.dev")
	for width, want := range map[uint16]string{
		40:  "FOUND     NOT FOUND UNKNOWN   INVALID",
		200: "FOUND                                   NOT FOUND                               UNKNOWN",
	} {
		cmd := exec.Command("domprobe", "-r", resolver, "-t", "dev", "-q", "--ordered", "go", "a-name-of-more-than-thirty-letters")
		cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "DOMPROBE_") }), "TERM=xterm", "NO_COLOR=1")
		person, program := openTerminal(t)
		if err := unix.IoctlSetWinsize(int(person.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: termHeight}); err != nil {
			t.Fatal(err)
		}
		cmd.Stdout = program
		s := runAtTerminal(t, cmd, func(*os.File, string) {})
		if _, err := program.WriteString(lastByte); err != nil {
			t.Fatal(err)
		}
		rows, err := readTerminal(person, func(string) {})
		if err != nil || s.code != 0 {
			t.Fatalf("exit code %d, %v, %q", s.code, err, rows)
		}
		if !strings.Contains(rows, want) {
			t.Errorf("%d columns: no %q in %q", width, want, rows)
		}
		for line := range strings.Lines(strings.ReplaceAll(rows, "\r", "")) {
			if len(line)-1 > int(width) {
				t.Errorf("%d columns: %q", width, line)
			}
		}
	}
}

// Somebody who gives no TLD at a terminal is asked for those from now on, once.
func TestTLDsOfferedAtTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, answer := range []string{"dev, none", "dev, io", ""} {
		asked, wrong := answer != "", i == 0
		keyboard, program := openTerminal(t)
		cmd := exec.Command("domprobe", "-r", "none", "-f", "names", "--dry-run", "go")
		cmd.Env = append(os.Environ(), "TERM=xterm", "XDG_CONFIG_HOME="+dir)
		cmd.Stdin = program
		answered := false
		s := runAtTerminal(t, cmd, func(_ *os.File, raw string) {
			if !answered && strings.HasSuffix(raw, "Nothing for none: ") {
				answered = true
				if _, err := keyboard.WriteString(answer + "\n"); err != nil {
					t.Error(err)
				}
			}
		})
		right := s.code == 0 && strings.Contains(s.raw, "go.dev") && strings.Contains(s.raw, "go.io")
		if wrong {
			right = s.code == 2 && strings.Contains(s.raw, `"none" is not a known TLD; domprobe config init none `)
		}
		if !right || answered != asked {
			t.Errorf("exit code %d, asked %t, want %t: %q", s.code, answered, asked, s.raw)
		}
	}
}

// Words that come one by one at a terminal have their scores at once.
func TestScoresAtTerminal(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("domprobe", "score", "-")
	cmd.Env = append(os.Environ(), "TERM=xterm")
	words, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := words.Write([]byte("swift\n")); err != nil {
		t.Fatal(err)
	}
	s := runAtTerminal(t, cmd, func(_ *os.File, raw string) {
		if strings.Contains(raw, " 82 ") {
			words.Close()
		}
	})
	if s.code != 0 || strings.Count(s.raw, "\n") != 2 {
		t.Errorf("exit code %d, %q", s.code, s.raw)
	}
}
