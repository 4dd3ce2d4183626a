package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// A console prints lines for the user. It is safe for concurrent use.
type console struct {
	mu        sync.Mutex
	w         io.Writer
	quiet     bool // errors only
	verbosity int  // 1: what the program decides; 2: every question and response
	progress  *progress
	screen    *screen // nil unless rows go to one
}

func (c *console) configure(flags *cli.Context) error {
	c.quiet = flags.Bool("quiet")
	c.verbosity = flags.Int(verboseFlag)
	if c.verbosity < 0 || c.verbosity > 2 {
		return usageError("", "--verbose is 0, 1 or 2")
	}
	return nil
}

// note prints a line unless errors only are wanted.
func (c *console) note(format string, args ...any) {
	if !c.quiet {
		c.print(fmt.Sprintf(format, args...))
	}
}

// detail prints a line for those who want to know more.
func (c *console) detail(format string, args ...any) {
	if c.verbosity > 0 {
		c.note(format, args...)
	}
}

// fail prints why the program ends, in one line, if there is more to say than
// the exit code does.
func (c *console) fail(e *exitError) {
	switch {
	case e.err == nil:
	case e.hint == "":
		c.print(e.err.Error())
	default:
		c.print(e.err.Error() + "; " + e.hint)
	}
}

func (c *console) print(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hideProgress()
	c.printAbove("domprobe: " + visible(line) + "\n")
}

// visible returns s with everything that a terminal might obey written as an
// escape, so that s stays one line of text.
func visible(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			quoted := strconv.Quote(s)
			return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
		}
	}
	return s
}

// logger returns a logger that prints to the console: a warning as one, an
// info as a hint, and what is below that for those who want to know more.
func (c *console) logger() *slog.Logger { return slog.New(logHandler{console: c}) }

// A logHandler is the slog.Handler of a console.
type logHandler struct {
	console *console
	attrs   []slog.Attr
	group   string
}

func (h logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return !h.console.quiet && (level >= slog.LevelInfo || h.console.verbosity > 0)
}

func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	attrs := h.attrs
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs[:len(attrs):len(attrs)], h.named(a))
		return true
	})
	line := r.Message
	if len(attrs) > 0 {
		var words []string
		for _, a := range attrs {
			words = append(words, a.Key+" "+a.Value.Resolve().String())
		}
		line += " (" + strings.Join(words, ", ") + ")"
	}
	switch {
	case r.Level >= slog.LevelWarn:
		line = "warning: " + line
	case r.Level >= slog.LevelInfo:
		line = "hint: " + line
	}
	h.console.print(line)
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
