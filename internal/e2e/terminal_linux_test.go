package e2e

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"domprobe/candidate/score"
	"domprobe/internal/dnstest"
)

const termWidth, narrowWidth, termHeight = 80, 50, 24

// openTerminal returns both ends of a pseudo-terminal: a person sits at the
// first, and the other is for a program. The program's stays open until the
// test ends: when the last one closes, the kernel can drop what is on its way.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("needs pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	err = errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0),
		unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: termWidth, Row: termHeight}))
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

// lastByte is written to a terminal behind everything that its program wrote.
const lastByte = "\x00"

// readTerminal returns the output of the program up to lastByte. Whenever there is
// more, it calls look with the output so far.
func readTerminal(person io.Reader, look func(raw string)) (raw string, err error) {
	buf := make([]byte, 4096)
	for !strings.HasSuffix(raw, lastByte) {
		n, err := person.Read(buf)
		raw += string(buf[:n])
		if err != nil {
			return raw, err
		}
		look(raw)
	}
	return strings.TrimSuffix(raw, lastByte), nil
}

// A session is what a program that ran at a terminal has left.
type session struct {
	code   int
	stdout string // where that is no terminal
	raw    string // everything that came to the terminal

	// The terminal became narrow when that much of raw had come; 0 is never.
	narrowed int
}

// atTerminal runs domprobe with standard error at a terminal, and standard
// output too unless that is piped.
func atTerminal(t *testing.T, piped bool, env []string, args ...string) session {
	t.Helper()
	cmd := exec.Command("domprobe", args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "NO_COLOR=") || strings.HasPrefix(v, "DOMPROBE_")
	}), append([]string{"TERM=xterm"}, env...)...)
	var stdout strings.Builder
	if piped {
		cmd.Stdout = &stdout
	}
	s := runAtTerminal(t, cmd, func(*os.File, string) {})
	s.stdout = stdout.String()
	return s
}

// runAtTerminal runs cmd with standard error, and standard output if it is not set,
// at a terminal. Whenever the program has written more, it calls look with the
// person's end of the terminal and everything written so far.
func runAtTerminal(t *testing.T, cmd *exec.Cmd, look func(person *os.File, raw string)) session {
	t.Helper()
	person, program := openTerminal(t)
	if cmd.Stdout == nil {
		cmd.Stdout = program
	}
	cmd.Stderr = program
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		_, e := program.WriteString(lastByte)
		ended <- errors.Join(err, e)
	}()
	raw, err := readTerminal(person, func(raw string) { look(person, raw) })
	if err != nil {
		t.Fatal(err)
	}
	s := session{raw: raw}
	var exit *exec.ExitError
	if err := <-ended; errors.As(err, &exit) {
		s.code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return s
}

var control = regexp.MustCompile(`\x1b\[([0-9;?]*)([A-Za-z])`)

// screen returns the lines that a person sees in the end, those that have
// scrolled away included. It knows the controls that domprobe uses, and fails
// on any other, and on a line that is longer than the terminal is wide.
func (s session) screen(t *testing.T) []string {
	t.Helper()
	lines, row, column, width := [][]rune{nil}, 0, 0, termWidth
	for rest := s.raw; rest != ""; {
		if s.narrowed > 0 && width == termWidth && len(s.raw)-len(rest) >= s.narrowed {
			width = narrowWidth
			lines, row = wrap(lines, row, width)
		}
		if m := control.FindStringSubmatch(rest); m != nil && strings.HasPrefix(rest, m[0]) {
			rest = rest[len(m[0]):]
			switch m[2] {
			case "m":
			case "K": // to the end of the line
				lines[row] = lines[row][:min(column, len(lines[row]))]
			case "J": // to the end of the screen
				lines[row] = lines[row][:min(column, len(lines[row]))]
				lines = lines[:row+1]
			case "A":
				n, err := strconv.Atoi(m[1])
				if row -= n; err != nil || row < 0 || n >= termHeight {
					t.Fatalf("%q leaves the screen", m[0])
				}
			default:
				t.Fatalf("unknown control %q", m[0])
			}
			continue
		}
		c := []rune(rest)[0]
		rest = rest[len(string(c)):]
		switch {
		case c == '\r':
			column = 0
		case c == '\n':
			if row++; row == len(lines) {
				lines = append(lines, nil)
			}
		case c < ' ':
			t.Fatalf("unknown control %q", c)
		default:
			for len(lines[row]) <= column {
				lines[row] = append(lines[row], ' ')
			}
			lines[row][column] = c
			if column++; column >= width {
				t.Fatalf("a line as long as the terminal is wide: %q", string(lines[row]))
			}
		}
	}
	var text []string
	for _, line := range lines {
		text = append(text, strings.TrimRight(string(line), " "))
	}
	return text
}

// wrap breaks lines anew for a terminal that has become narrower while the
// cursor was at the start of a row.
func wrap(lines [][]rune, row, width int) (wrapped [][]rune, newRow int) {
	for i, line := range lines {
		if i == row {
			newRow = len(wrapped)
		}
		for len(line) > width {
			wrapped, line = append(wrapped, line[:width:width]), line[width:]
		}
		wrapped = append(wrapped, line)
	}
	return wrapped, newRow
}

// slowResolver answers after a while, so that a run of a few names shows what
// happens meanwhile.
func slowResolver(t *testing.T, registered ...string) string {
	t.Helper()
	truth := dnstest.Truth{Registered: func(name string) bool { return slices.Contains(registered, name) }}
	return serveDNS(t, func(q *dns.Msg) *dns.Msg {
		<-time.After(140 * time.Millisecond)
		return truth.Resolve(q)
	})
}

var bar = regexp.MustCompile(`\d+% \[[=>.]{10}\] \(\d+/12, \d+ names/(s|min|hr)\) \[\d+s:\d+\w*\] \d+ found, \d+ not found, \d+ unknown`)

func TestProgressBesideRows(t *testing.T) {
	t.Parallel()
	resolver := slowResolver(t, "go.dev")
	args := []string{"-r", resolver, "-t", "dev,io", "-c", "2", "go", "rust", "zig", "elm", "lua", "ada"}
	for _, piped := range []bool{false, true} {
		s := atTerminal(t, piped, nil, append(args, "-f", "marks")...)
		if s.code != 0 {
			t.Errorf("exit code %d", s.code)
		}
		if !bar.MatchString(s.raw) {
			t.Errorf("no bar in %q", s.raw)
		}
		lines := s.screen(t)
		if piped {
			if strings.Contains(s.stdout, "\x1b") || strings.Count(s.stdout, "\n") != 12 {
				t.Errorf("rows %q", s.stdout)
			}
			lines = append(strings.Split(strings.TrimSuffix(s.stdout, "\n"), "\n"), lines...)
		}
		if len(lines) != 14 || lines[13] != "" || !strings.HasPrefix(lines[12], "domprobe: 12 names in ") {
			t.Errorf("the screen shows %q", lines)
			continue
		}
		got := lines[:12]
		slices.Sort(got)
		want := strings.Split("  ada.dev\n  ada.io\n  elm.dev\n  elm.io\n  go.io\n  lua.dev\n  lua.io\n  rust.dev\n  rust.io\n  zig.dev\n  zig.io\n+ go.dev", "\n")
		if !slices.Equal(got, want) {
			t.Errorf("rows %q, want %q", got, want)
		}
	}
}

func TestGridIsRedrawn(t *testing.T) {
	t.Parallel()
	resolver := slowResolver(t, "go.dev", "zig.io")
	s := atTerminal(t, false, nil, "-r", resolver, "-t", "dev,io", "-c", "2", "go", "rust", "zig", "-f", "grid", "--ordered")
	if s.code != 0 {
		t.Errorf("exit code %d", s.code)
	}
	if n := strings.Count(s.raw, "\x1b[J"); n < 2 {
		t.Errorf("the grid was redrawn %d times", n)
	}
	if !strings.Contains(s.raw, "of 6 names") {
		t.Errorf("no count in %q", s.raw)
	}
	want := []string{
		"      dev  io", "go    +    -", "rust  -    -", "zig   -    +", "",
		"+ found   - not found   ? unknown   ! invalid",
	}
	if got := s.screen(t); len(got) != 8 || !slices.Equal(got[:6], want) || !strings.HasPrefix(got[6], "domprobe: 6 names in ") {
		t.Errorf("the screen shows %q", got)
	}
	if !strings.Contains(s.raw, "\x1b[36m+\x1b[0m") || !strings.Contains(s.raw, "\x1b[32m-\x1b[0m") {
		t.Errorf("no colours in %q", s.raw)
	}
}

// The list of --best grows at a terminal, and in the end stands there once, best on
// top.
func TestBestListGrows(t *testing.T) {
	t.Parallel()
	const best = 30
	labels := ranked(t, "[a-d]{3}", 0)
	s := atTerminal(t, false, nil, "-r", slowResolver(t, labels[1]+".dev"), "-t", "dev", "-c", "4", "--pattern", "[a-d]{3}", "--best", strconv.Itoa(best))
	want := []string{" SCORE  NAME"}
	for _, label := range slices.Delete(labels, 1, 2)[:best] {
		want = append(want, fmt.Sprintf("%6d  %s.dev", score.Of(label).Total, label))
	}
	got := s.screen(t)
	if s.code != 0 || len(got) != best+3 || !slices.Equal(got[:best+1], want) || !strings.Contains(got[best+1], ": 1 found, 30 not found") {
		t.Errorf("exit code %d, the screen shows %q, want %q", s.code, got, want)
	}
	if n := strings.Count(s.raw, "\x1b[J"); n < 2 || !strings.Contains(s.raw, "\n... and ") {
		t.Errorf("the list was drawn %d times: %q", n, s.raw)
	}
}

var drawn = regexp.MustCompile(`\n(\d+) names(, .*)?\x1b\[K\r\n\x1b\[J$`)

// gridByKeyword runs domprobe with the demo at a terminal. It writes the next
// keyword when the grid has all names of the keywords before, after a call of
// react.
func gridByKeyword(t *testing.T, keywords []string, each int, react func(person *os.File, raw string), args ...string) session {
	t.Helper()
	cmd := exec.Command("domprobe", append([]string{"-r", "demo", "--no-escalate", "-f", "grid", "-i", "-"}, args...)...)
	cmd.Env = append(os.Environ(), "TERM=xterm")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	given := 0
	give := func() {
		if _, err := io.WriteString(stdin, keywords[given]+"\n"); err != nil {
			t.Error(err)
		}
		given++
	}
	give()
	return runAtTerminal(t, cmd, func(person *os.File, raw string) {
		if m := drawn.FindStringSubmatch(raw); m == nil || m[1] != strconv.Itoa(given*each) {
			return
		}
		react(person, raw)
		if given < len(keywords) {
			give()
		} else {
			stdin.Close()
		}
	})
}

// What is printed while the grid is on the screen is above it, and stays.
func TestNotesAboveGrid(t *testing.T) {
	t.Parallel()
	keywords := []string{"go", "qxv", "rust", "zig", "elif"}
	s := gridByKeyword(t, keywords, 2, func(*os.File, string) {}, "-t", "dev,io", "--expect", "invalid", "--no-progress")
	if s.code != 5 {
		t.Errorf("exit code %d, want 5", s.code)
	}
	lines := s.screen(t)
	n := len(lines) - len(keywords) - 5 // the header, an empty line, the legend, the summary, and the cursor
	if n != 1+2*len(keywords) || !strings.HasPrefix(lines[0], "domprobe: demo: ") {
		t.Fatalf("the screen shows %q", lines)
	}
	for _, keyword := range keywords {
		for _, tld := range []string{"dev", "io"} {
			note := "domprobe: " + keyword + "." + tld + ": "
			if !slices.ContainsFunc(lines[1:n], func(line string) bool { return strings.HasPrefix(line, note) }) {
				t.Errorf("no line begins with %q: %q", note, lines)
			}
		}
	}
	for i, keyword := range append([]string{" "}, keywords...) {
		if !strings.HasPrefix(lines[n+i], keyword) {
			t.Errorf("%q does not begin with %q", lines[n+i], keyword)
		}
	}
}

// The drawing of before is taken back when the terminal has become narrower.
func TestGridOnNarrowedTerminal(t *testing.T) {
	t.Parallel()
	tlds := []string{"dev", "io", "com", "net", "org", "app", "info", "xyz", "shop", "co.uk", "de", "fr"}
	narrowed := 0
	s := gridByKeyword(t, []string{"go", "qxv"}, len(tlds), func(person *os.File, raw string) {
		if narrowed > 0 {
			return
		}
		narrowed = len(raw)
		if err := unix.IoctlSetWinsize(int(person.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: narrowWidth, Row: termHeight}); err != nil {
			t.Error(err)
		}
	}, "-t", strings.Join(tlds, ","), "--no-progress", "-q")
	s.narrowed = narrowed
	if s.code != 0 || narrowed == 0 {
		t.Errorf("exit code %d, narrowed after %d bytes", s.code, narrowed)
	}
	lines := s.screen(t)
	if len(lines) != 10 || !strings.HasSuffix(lines[0], strings.Join(tlds[:9], "  ")) || !strings.HasSuffix(lines[4], strings.Join(tlds[9:], "  ")) {
		t.Errorf("the screen shows %q", lines)
	}
}

func TestPlainTerminal(t *testing.T) {
	t.Parallel()
	resolver := slowResolver(t, "go.dev")
	args := []string{"-r", resolver, "-t", "dev,io", "-c", "2", "go", "rust", "zig"}
	for _, tt := range []struct {
		name, env       string
		args            []string
		colours, moving bool
	}{
		{"as it is", "A=b", nil, true, true},
		{"NO_COLOR", "NO_COLOR=1", nil, false, true},
		{"--no-color", "A=b", []string{"--no-color"}, false, true},
		{"--no-progress", "A=b", []string{"--no-progress"}, true, false},
		{"-q", "A=b", []string{"-q"}, true, false},
		{"a dumb terminal", "TERM=dumb", nil, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := atTerminal(t, false, []string{tt.env}, append(slices.Clone(args), tt.args...)...)
			if got := strings.Contains(s.raw, "\x1b[32m"); got != tt.colours {
				t.Errorf("colours %t: %q", got, s.raw)
			}
			if got := strings.Contains(s.raw, "names/"); got != tt.moving {
				t.Errorf("progress %t: %q", got, s.raw)
			}
			if !strings.Contains(s.raw, "go.dev") || s.code != 0 {
				t.Errorf("exit code %d, %q", s.code, s.raw)
			}
		})
	}
}

// A person is asked before more than a million names; a script is not.
func TestMaxNamesOnTerminal(t *testing.T) {
	t.Parallel()
	s := atTerminal(t, false, nil, "-r", "demo", "-t", "dev", "--pattern", "[a-z]{5}")
	if want := "domprobe: 11881376 names are more than --max-names 1000000; --max-names 0 lifts the limit\r\n"; s.code != 2 || s.raw != want {
		t.Errorf("exit code %d, %q, want %q", s.code, s.raw, want)
	}
	s = atTerminal(t, false, nil, "-r", "demo", "-t", "dev", "--pattern", "[a-z]{5}", "--stop-after", "3", "-f", "names", "--only", "not-found")
	if s.code != 0 || !strings.Contains(s.raw, "3 not found") {
		t.Errorf("with --stop-after: exit code %d, %q", s.code, s.raw)
	}
	s = atTerminal(t, true, nil, "-r", "demo", "-t", "dev", "--pattern", "[a-z]{5}", "--stop-after", "3", "-f", "names", "--only", "not-found")
	if s.code != 0 || strings.Count(s.stdout, "\n") != 3 {
		t.Errorf("piped: exit code %d, %q", s.code, s.stdout)
	}
}

// Ctrl-C leaves a terminal without a trace of the progress line.
func TestInterruptedProgress(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("domprobe", "-r", slowResolver(t), "-t", "dev", "--pattern", "[a-z]{4}", "-c", "1", "-f", "none")
	cmd.Env = append(os.Environ(), "TERM=xterm")
	interrupted := false
	s := runAtTerminal(t, cmd, func(_ *os.File, raw string) {
		if interrupted || !strings.Contains(raw, "names/") {
			return
		}
		interrupted = true
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Error(err)
		}
	})
	if s.code != 130 {
		t.Errorf("exit code %d, want 130", s.code)
	}
	if lines := s.screen(t); len(lines) != 3 || !strings.HasPrefix(lines[0], "domprobe: interrupted: ") ||
		!strings.HasPrefix(lines[1], "domprobe: ") || lines[2] != "" {
		t.Errorf("the screen shows %q", lines)
	}
}

// A word has one line, however long its gloss is.
func TestWordsFitTheTerminal(t *testing.T) {
	lines := atTerminal(t, false, nil, "words", "fast", "bird", "-n", "9").screen(t)
	if len(lines) != 11 || !strings.HasSuffix(lines[1], "...") {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
	piped := atTerminal(t, true, nil, "words", "fast", "bird", "-n", "9").stdout
	if strings.Contains(piped, "...") || !strings.Contains(piped, "two-toed feet; largest living bird") {
		t.Errorf("where it is no terminal: %s", piped)
	}
}
