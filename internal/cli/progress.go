package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"domprobe/probe"
)

// A progress is a line at the bottom of a terminal that tells how far a run
// has come. Whoever writes to that terminal takes it back first: see
// [console.above]. Its methods need the console's lock.
type progress struct {
	w     *os.File
	bar   *progressbar.ProgressBar
	state func() (done int64, counts string)
	shown bool
	drawn time.Time
}

// How often the line is drawn anew: by the clock, and at most behind rows.
const (
	redrawEvery  = 100 * time.Millisecond
	redrawAtMost = 30 * time.Millisecond
)

func showsProgress(inv *invocation) bool {
	return isTerminal(inv.std.Err) && !inv.console.quiet && !inv.flags.Bool("no-progress") && os.Getenv("TERM") != "dumb"
}

// startProgress shows the progress of a run on standard error until the
// returned function is called. It does nothing where no person looks.
func startProgress(inv *invocation, s *selection, t *tally) (stop func()) {
	if !showsProgress(inv) {
		return func() {}
	}
	w, _ := inv.std.Err.(*os.File)
	total := int64(-1)
	if s.exact && s.total.IsInt64() && s.total.Sign() > 0 {
		total = s.total.Int64()
	}
	p := &progress{w: w, bar: newBar(total), state: func() (int64, string) {
		return s.done(t.names.Load() - t.total()), t.counts()
	}}
	inv.console.setProgress(p)
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(redrawEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				inv.console.redraw()
			case <-ended:
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-done
		inv.console.setProgress(nil)
	}
}

// newBar returns a bar that draws nothing itself. A total of -1 is unknown.
func newBar(total int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(10),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionShowCount(),
		progressbar.OptionShowTotalBytes(total >= 0),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("names"),
		progressbar.OptionShowDescriptionAtLineEnd(),
		progressbar.OptionSetSpinnerChangeInterval(0), // or it starts a goroutine
		progressbar.OptionSpinnerType(14),
	)
}

// draw draws the line, cut off where the terminal ends, because a line that
// is two could not be taken back.
func (p *progress) draw() {
	done, counts := p.state()
	p.bar.Describe(counts)
	// It refuses to go beyond the total, which is where it then is.
	_ = p.bar.Set64(done)
	width, _, err := term.GetSize(int(p.w.Fd()))
	if err != nil || width < 2 { // some terminals do not say
		width = 80
	}
	line := []rune(strings.TrimSpace(p.bar.String()))
	if len(line) > width-1 {
		line = line[:width-1]
	}
	p.write("\r" + string(line) + "\x1b[K")
	p.shown, p.drawn = true, time.Now()
}

// hide takes the line back.
func (p *progress) hide() {
	if p.shown {
		p.write("\r\x1b[K")
		p.shown = false
	}
}

func (p *progress) write(s string) {
	// When standard error is gone there is nobody left to tell.
	_, _ = p.w.WriteString(s)
}

// setProgress makes p the line at the bottom, or takes that away with nil.
func (c *console) setProgress(p *progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hideProgress()
	c.progress = p
}

func (c *console) hideProgress() {
	if c.progress != nil {
		c.progress.hide()
	}
}

// redraw brings the progress line up to date.
func (c *console) redraw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.progress != nil {
		c.progress.draw()
	}
}

// above returns a writer to the terminal that the progress line is on, which
// makes way for what is written.
func (c *console) above(w io.Writer) io.Writer { return &aboveProgress{c, w} }

type aboveProgress struct {
	console *console
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

// followRows draws the progress line behind rows.
func (c *console) followRows() {
	if p := c.progress; p != nil && time.Since(p.drawn) > redrawAtMost {
		p.draw()
	}
}

// counts tells the verdicts so far in the words of the summary.
func (t *tally) counts() string {
	s := fmt.Sprintf("%d found, %d not found, %d unknown", t.of(probe.Found), t.of(probe.NotFound), t.of(probe.Unknown))
	if n := t.of(probe.Invalid); n > 0 {
		s += fmt.Sprintf(", %d invalid", n)
	}
	return s
}
