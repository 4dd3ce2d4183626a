package term

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Console prints lines for the user. It is safe for concurrent use. The
// exported fields are set before the first line.
type Console struct {
	Quiet      bool // errors only
	Verbosity  int  // 1: decisions; 2: every query and response
	NoProgress bool

	mu       sync.Mutex
	w        io.Writer
	progress *Progress
	screen   *Screen // nil unless rows go to one
	warnings []alike
}

// Warnings of one kind are alike. The first is printed, the others are counted.
type alike struct {
	kind, first string
	more        int
}

// New returns a console on w.
func New(w io.Writer) *Console { return &Console{w: w} }

// Note prints a line unless only errors are wanted.
func (c *Console) Note(format string, args ...any) {
	if !c.Quiet {
		c.Print(fmt.Sprintf(format, args...))
	}
}

// Detail prints a line at verbosity 1 and above.
func (c *Console) Detail(format string, args ...any) {
	if c.Verbosity > 0 {
		c.Note(format, args...)
	}
}

// Print prints a line.
func (c *Console) Print(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hideProgress()
	c.printAbove("domprobe: " + Visible(line) + "\n")
}

// Ask prints a question and leaves the cursor behind it.
func (c *Console) Ask(question string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.printAbove("domprobe: " + Visible(question) + " ")
}

// printAbove prints text above the drawing, if there is one.
func (c *Console) printAbove(text string) {
	if c.screen != nil {
		restore := c.screen.clear()
		defer restore()
	}
	// When standard error is gone there is nobody left to tell.
	_, _ = io.WriteString(c.w, text)
}

// setScreen makes s the drawing that lines are printed above.
func (c *Console) setScreen(s *Screen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.screen = s
}

// LeaveScreen leaves the drawing where it is: later lines come below it.
func (c *Console) LeaveScreen() { c.setScreen(nil) }

// Above returns a writer to the terminal of the progress line, which makes way
// for what is written.
func (c *Console) Above(w io.Writer) io.Writer { return &aboveProgress{c, w} }

type aboveProgress struct {
	console *Console
	w       io.Writer
}

func (a *aboveProgress) Write(b []byte) (int, error) {
	a.console.mu.Lock()
	defer a.console.mu.Unlock()
	a.console.hideProgress()
	n, err := a.w.Write(b)
	if err == nil {
		a.console.followRows()
	}
	return n, err
}

func (c *Console) hideProgress() {
	if c.progress != nil {
		c.progress.hide()
	}
}

// followRows puts the progress line behind rows.
func (c *Console) followRows() {
	switch p := c.progress; {
	case p == nil:
	case time.Since(p.drawn) > redrawAtMost:
		p.draw()
	default:
		p.show()
	}
}

// warn prints a warning, or counts it if its kind is known.
func (c *Console) warn(kind, line string) {
	c.mu.Lock()
	i := slices.IndexFunc(c.warnings, func(a alike) bool { return a.kind == kind })
	if i < 0 {
		c.warnings = append(c.warnings, alike{kind: kind, first: line})
	} else {
		c.warnings[i].more++
	}
	c.mu.Unlock()
	if i < 0 || c.Verbosity > 0 {
		c.Print("warning: " + line)
	}
}

// Finish tells how many warnings of each kind were not printed.
func (c *Console) Finish() {
	c.mu.Lock()
	warnings := c.warnings
	c.warnings = nil
	c.mu.Unlock()
	for _, w := range warnings {
		if w.more > 0 && c.Verbosity == 0 {
			c.Note("warning: %d more like this: %s (-v prints each)", w.more, w.first)
		}
	}
}

// Logger returns a logger that prints to the console: a warning as one, an info
// as a hint, and lower levels at verbosity 1 and above.
func (c *Console) Logger() *slog.Logger { return slog.New(logHandler{console: c}) }

// KindKey is the key of the attribute that holds the kind of a warning. It is
// not printed. Without it the message is the kind.
const KindKey = "kind"

// A logHandler is the slog.Handler of a console.
type logHandler struct {
	console *Console
	attrs   []slog.Attr
	group   string
}

func (h logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return !h.console.Quiet && (level >= slog.LevelInfo || h.console.Verbosity > 0)
}

func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	attrs := h.attrs
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs[:len(attrs):len(attrs)], h.named(a))
		return true
	})
	line, kind := r.Message, ""
	var words []string
	for _, a := range attrs {
		if a.Key == KindKey {
			kind = a.Value.String()
			continue
		}
		words = append(words, a.Key+" "+a.Value.Resolve().String())
	}
	if len(words) > 0 {
		line += " (" + strings.Join(words, ", ") + ")"
	}
	switch {
	case r.Level >= slog.LevelWarn:
		h.console.warn(cmp.Or(kind, r.Message), line)
		return nil
	case r.Level >= slog.LevelInfo:
		line = "hint: " + line
	}
	h.console.Print(line)
	return nil
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = h.attrs[:len(h.attrs):len(h.attrs)]
	for _, a := range attrs {
		h.attrs = append(h.attrs, h.named(a))
	}
	return h
}

func (h logHandler) WithGroup(name string) slog.Handler {
	h.group += name + "."
	return h
}

func (h logHandler) named(a slog.Attr) slog.Attr {
	a.Key = h.group + a.Key
	return a
}
