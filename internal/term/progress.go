package term

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Progress is a line at the bottom of a terminal that tells how far a run has
// come. Its methods need the console's lock.
type Progress struct {
	w     *os.File
	unit  string // of what is counted
	total int64  // of the run, in units; 0 if unknown
	state func() (done int64, counts string)
	start time.Time
	drawn time.Time // when it last told something new
	parts []string  // of the line: how far, a bar, the speed, the times, the counts
	shown int       // characters of it on the terminal
}

// How often the line tells something new: by the clock, and at most behind rows.
const (
	redrawEvery  = 100 * time.Millisecond
	redrawAtMost = 30 * time.Millisecond
)

// ShowsProgress reports whether [Console.StartProgress] shows anything.
func (c *Console) ShowsProgress() bool { return Is(c.w) && !c.Quiet && !c.NoProgress && !Dumb() }

// StartProgress shows the progress of a run, counted in units, until the returned
// function is called. A total of 0 is unknown. state is called with the console locked.
func (c *Console) StartProgress(unit string, total int64, state func() (done int64, counts string)) (stop func()) {
	if !c.ShowsProgress() {
		return func() {}
	}
	c.setProgress(&Progress{w: c.w.(*os.File), unit: unit, total: total, state: state, start: time.Now()})
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(redrawEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				c.mu.Lock()
				c.progress.draw()
				c.mu.Unlock()
			case <-ended:
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-done
		c.setProgress(nil)
	}
}

// setProgress makes p the line at the bottom, or takes the line away with nil.
func (c *Console) setProgress(p *Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hideProgress()
	c.progress = p
}

// draw shows the line as it is now.
func (p *Progress) draw() {
	p.drawn = time.Now()
	p.parts = p.line(p.drawn.Sub(p.start))
	p.show()
}

// line returns the parts of the line after some time.
func (p *Progress) line(passed time.Duration) []string {
	done, counts := p.state()
	rate := float64(done) / max(passed.Seconds(), 1e-3)
	if p.total == 0 {
		spinner := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		at := int(passed/redrawEvery) % len(spinner)
		return []string{string(spinner[at]), "", fmt.Sprintf("(%d, %.0f %s/s)", done, rate, p.unit),
			fmt.Sprintf("[%v]", passed.Truncate(time.Second)), counts}
	}
	const width = 10
	done = min(done, p.total)
	share := float64(done) / float64(p.total)
	full := int(share * width)
	bar := strings.Repeat("=", full)
	if full < width {
		bar += ">" + strings.Repeat(".", width-full-1)
	}
	left := time.Duration(0)
	if done > 0 {
		left = time.Duration(float64(passed) * (1/share - 1))
	}
	return []string{fmt.Sprintf("%d%%", int(100*share)), "[" + bar + "]", fmt.Sprintf("(%d/%d, %.0f %s/s)", done, p.total, rate, p.unit),
		fmt.Sprintf("[%v:%v]", passed.Truncate(time.Second), left.Truncate(time.Second)), counts}
}

// show shows the line as it was.
func (p *Progress) show() {
	width := p.width()
	line := fitting(p.parts, width-1)
	p.write(p.back(width) + string(line) + "\x1b[K")
	p.shown = len(line)
}

// fitting joins the parts of a line. Where they do not fit it leaves out the
// bar, then the times, then the speed, and cuts the rest.
func fitting(parts []string, width int) []rune {
	line := func() string { return strings.Join(strings.Fields(strings.Join(parts, " ")), " ") }
	parts = slices.Clone(parts)
	for _, i := range []int{1, 3, 2} {
		if i < len(parts) && utf8.RuneCountInString(line()) > width {
			parts[i] = ""
		}
	}
	r := []rune(line())
	return r[:min(len(r), width)]
}

// hide takes the line back.
func (p *Progress) hide() {
	if p.shown > 0 {
		p.write(p.back(p.width()) + "\x1b[K")
		p.shown = 0
	}
}

// back returns what moves the cursor to the start of the line, which may have
// become several when the terminal became narrower.
func (p *Progress) back(width int) string {
	if p.shown > width {
		return fmt.Sprintf("\x1b[%dA\r\x1b[J", (p.shown-1)/width)
	}
	return "\r"
}

func (p *Progress) width() int {
	if width, _ := Size(p.w); width > 1 {
		return width
	}
	return 80 // some terminals do not say
}

func (p *Progress) write(s string) {
	// When standard error is gone there is nobody left to tell.
	_, _ = p.w.WriteString(s)
}
