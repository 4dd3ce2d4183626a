package cli

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

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
	line  string    // what it tells
	drawn time.Time // when it last told something new
	shown int       // characters of it on the terminal
}

// How often the line tells something new: by the clock, and at most behind rows.
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

// draw shows the line as it is now.
func (p *progress) draw() {
	done, counts := p.state()
	p.bar.Describe(counts)
	// It refuses to go beyond the total, which is where it then is.
	_ = p.bar.Set64(done)
	p.line, p.drawn = strings.TrimSpace(p.bar.String()), time.Now()
	p.show()
}

// show shows the line as it was.
func (p *progress) show() {
	width := p.width()
	line := fitting(p.line, width-1)
	p.write(p.start(width) + string(line) + "\x1b[K")
	p.shown = len(line)
}

// dispensable are the parts that a line can do without, first the bar, then the
// times.
var dispensable = []*regexp.Regexp{bracket, bracket, regexp.MustCompile(`\(.*?\) `)}

var bracket = regexp.MustCompile(`\[.*?\] `)

// fitting returns as much of the line as fits.
func fitting(line string, width int) []rune {
	for _, part := range dispensable {
		if utf8.RuneCountInString(line) <= width {
			break
		}
		if at := part.FindStringIndex(line); at != nil {
			line = line[:at[0]] + line[at[1]:]
		}
	}
	r := []rune(line)
	return r[:min(len(r), width)]
}

// hide takes the line back.
func (p *progress) hide() {
	if p.shown > 0 {
		p.write(p.start(p.width()) + "\x1b[K")
		p.shown = 0
	}
}

// start returns what moves the cursor to the start of the line, which may have
// become several when the terminal became narrower.
func (p *progress) start(width int) string {
	if p.shown > width {
		return fmt.Sprintf("\x1b[%dA\r\x1b[J", (p.shown-1)/width)
	}
	return "\r"
}

func (p *progress) width() int {
	width, _, err := term.GetSize(int(p.w.Fd()))
	if err != nil || width < 2 { // some terminals do not say
		return 80
	}
	return width
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

// followRows puts the progress line behind rows.
func (c *console) followRows() {
	switch p := c.progress; {
	case p == nil:
	case time.Since(p.drawn) > redrawAtMost:
		p.draw()
	default:
		p.show()
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
