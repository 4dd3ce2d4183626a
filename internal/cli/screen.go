package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"

	"domprobe/report"
)

// A screen is the end of the terminal that rows go to: a drawing that changes
// with them, and makes way for the notes of the console. The progress line is
// below it. It implements [report.Screen].
type screen struct {
	console *console
	f       *os.File
	w       io.Writer
	text    []byte // of the drawing that is on the terminal
}

// newScreen returns the screen of standard output, and nil where nothing can
// be drawn.
func newScreen(inv *invocation) report.Screen {
	f, ok := inv.stdout.(*os.File)
	if !ok || !inv.terminal || os.Getenv("TERM") == "dumb" {
		return nil
	}
	s := &screen{console: inv.console, f: f, w: inv.std.Out}
	if isTerminal(inv.std.Err) {
		inv.console.setScreen(s)
	}
	return s
}

func (s *screen) Size() (width, height int) {
	width, height, err := term.GetSize(int(s.f.Fd()))
	if err != nil { // some terminals do not say
		return 0, 0
	}
	return width, height
}

func (s *screen) Draw(text []byte) error {
	s.console.mu.Lock()
	defer s.console.mu.Unlock()
	s.console.hideProgress()
	err := s.replace(text)
	s.console.followRows()
	return err
}

// replace draws text in the place of what is there: the cursor goes up to the
// first line of that, and what is not overwritten is erased (ECMA-48 sections
// 8.3.22, 8.3.39 and 8.3.41). It never erases a whole screen at once, because
// some terminals keep a copy of that. What has scrolled away stays.
func (s *screen) replace(text []byte) error {
	old := 0
	if len(s.text) > 0 {
		old = s.lines(s.text)
		if _, height := s.Size(); height > 0 {
			old = min(old, height-1)
		}
	}
	s.text = append(s.text[:0], text...)
	var b []byte
	if old > 0 {
		b = fmt.Appendf(b, "\r\x1b[%dA", old)
	}
	b = append(b, bytes.ReplaceAll(text, []byte("\n"), []byte("\x1b[K\n"))...)
	switch {
	case len(text) > 0:
		b = append(b, "\x1b[J"...)
	case old > 0:
		b = append(b, strings.Repeat("\x1b[K\n", old)...)
		b = fmt.Appendf(b, "\x1b[%dA", old)
	default:
		return nil
	}
	_, err := s.w.Write(b)
	return err
}

var colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// lines returns how many lines of the terminal text is on. They are more than
// those of the text when the terminal has become narrower since it was drawn:
// nearly every one breaks them anew.
func (s *screen) lines(text []byte) (n int) {
	width, _ := s.Size()
	for line := range bytes.Lines(colour.ReplaceAll(text, nil)) {
		n++
		if w := uniseg.StringWidth(string(bytes.TrimSuffix(line, []byte("\n")))); width > 0 && w > width {
			n += (w - 1) / width
		}
	}
	return n
}

// setScreen makes s what notes are printed above. With nil the drawing stays
// where it is, and they come below.
func (c *console) setScreen(s *screen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.screen = s
}

// printAbove prints a line above the drawing, if there is one.
func (c *console) printAbove(line string) {
	var text []byte
	if s := c.screen; s != nil {
		text = bytes.Clone(s.text)
		// An error comes again with the next rows.
		_ = s.replace(nil)
	}
	// When standard error is gone there is nobody left to tell.
	_, _ = io.WriteString(c.w, line)
	if s := c.screen; s != nil && s.fits(text) {
		_ = s.replace(text)
	}
}

// fits reports whether text, and the line of the cursor, fit the terminal as it
// is now.
func (s *screen) fits(text []byte) bool {
	_, height := s.Size()
	return s.lines(text) < height
}
