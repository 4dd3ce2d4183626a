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
func (c *Console) Print(line string) { c.print(line, "\n") }

// Ask prints a question and leaves the cursor behind it.
func (c *Console) Ask(question string) { c.print(question, " ") }

// print prints a line above the drawing, if there is one.
func (c *Console) print(line, end string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hideProgress()
	if c.screen != nil {
		defer c.screen.clear()()
	}
	// When standard error is gone there is nobody left to tell.
	_, _ = io.WriteString(c.w, "domprobe: "+Visible(line)+end)
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
func (c *Console) Above(w io.Writer) io.Writer { return aboveProgress{c, w} }

type aboveProgress struct {
	console *Console
	w       io.Writer
}

func (a aboveProgress) Write(b []byte) (n int, err error) {
	err = a.console.rows(func() (err error) {
		n, err = a.w.Write(b)
		return err
	})
	return n, err
}

// rows has the progress line make way for what write writes.
func (c *Console) rows(write func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hideProgress()
	err := write()
	if err == nil {
		c.followRows()
	}
	return err
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
	group   string   // put before the keys
	words   []string // of the attributes
	kind    string
}

func (h logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return !h.console.Quiet && (level >= slog.LevelInfo || h.console.Verbosity > 0)
}

func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		h = h.with(a)
		return true
	})
	line := r.Message
	if len(h.words) > 0 {
		line += " (" + strings.Join(h.words, ", ") + ")"
	}
	switch {
	case r.Level >= slog.LevelWarn:
		h.console.warn(cmp.Or(h.kind, r.Message), line)
	case r.Level >= slog.LevelInfo:
		h.console.Print("hint: " + line)
	default:
		h.console.Print(line)
	}
	return nil
}

func (h logHandler) with(attrs ...slog.Attr) logHandler {
	h.words = slices.Clip(h.words)
	for _, a := range attrs {
		if key := h.group + a.Key; key == KindKey {
			h.kind = a.Value.String()
		} else {
			h.words = append(h.words, key+" "+a.Value.Resolve().String())
		}
	}
	return h
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler { return h.with(attrs...) }

func (h logHandler) WithGroup(name string) slog.Handler {
	h.group += name + "."
	return h
}
