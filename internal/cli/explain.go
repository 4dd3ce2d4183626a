package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe"
)

// explainCommand tells how the verdict on one name was reached.
func explainCommand() *command {
	return &command{
		name:     "explain",
		summary:  "tell how the verdict on one name is reached",
		synopsis: "explain [flags] NAME",
		examples: `  domprobe explain go.dev
  domprobe explain -r 9.9.9.9 -r 1.1.1.1 example.co.uk
  domprobe explain --confirm rdap qxvzkwj.dev
  domprobe explain -r demo qxvzkwj.dev
`,
		flags: slices.Concat(askFlags(), confirmFlags(), consoleFlags()),
		exits: map[int]string{
			codeOK:          "the name settled",
			codeUnknown:     "the name is unknown",
			codeInterrupted: "interrupted",
		},
		run: runExplain,
	}
}

func runExplain(ctx context.Context, inv *invocation) error {
	if len(inv.args) != 1 {
		return usageError("try: domprobe explain go.dev", "explain takes one name, not %d", len(inv.args))
	}
	story := &story{w: inv.std.Out, start: time.Now()}
	prober, stop, err := newProber(ctx, inv, story.event)
	if err != nil {
		return interrupted(ctx, err)
	}
	r, _ := prober.One(ctx, inv.args[0])
	story.end(r)
	err = stop()
	switch {
	case ctx.Err() != nil:
		return exit(codeInterrupted)
	case story.err != nil:
		return story.err
	case err != nil:
		return err
	case r.Verdict == probe.Unknown:
		return exit(codeUnknown)
	}
	return nil
}

// A story is told to w as it happens. It is safe for concurrent use.
type story struct {
	mu    sync.Mutex
	w     io.Writer
	start time.Time
	err   error // the first of w
}

func (s *story) print(format string, args ...any) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, visible(fmt.Sprintf(format, args...))+"\n")
	}
}

func (s *story) event(e probe.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := fmt.Sprintf("%7.1f ms", float64(e.At.Sub(s.start).Microseconds())/1000)
	question := fmt.Sprintf("%s %s", dns.TypeToString[e.Type], strings.TrimSuffix(e.Name, "."))
	if !e.Response {
		s.print("%s  ask %s over %s: %s", at, e.Server, e.Transport, question)
		return
	}
	s.print("%s  %s on %s: %s", at, e.Server, question, e.Rule)
	if e.Message != "" {
		s.print("            %s", e.Message)
	}
}

// end tells the verdict and what it means.
func (s *story) end(r probe.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.Name
	if r.Unicode != "" {
		name += " (" + r.Unicode + ")"
	}
	s.print("%s: %s (%s): %s", name, r.Verdict, r.Reason, meaning(r.Reason))
	if r.Err != nil {
		s.print("  %s", r.Err)
	}
	if r.Server != "" {
		s.print("  decided by %s in %.1f ms; questions sent for the name: %d", r.Server,
			float64(r.RTT.Microseconds())/1000, r.Tries)
	}
	if r.Verdict == probe.NotFound && r.Reason != probe.RDAPNotRegistered {
		s.print("  not in the DNS is not the same as free: it may be reserved, on hold or just expired")
	}
}

func meaning(reason probe.Reason) string {
	for _, doc := range probe.Reasons() {
		if doc.Reason == reason {
			return doc.Text
		}
	}
	return "no explanation"
}

// traceLine is an event on one line.
func traceLine(e probe.Event) string {
	question := fmt.Sprintf("%s %s", dns.TypeToString[e.Type], strings.TrimSuffix(e.Name, "."))
	if !e.Response {
		return fmt.Sprintf("> %s %s: %s", e.Server, e.Transport, question)
	}
	line := fmt.Sprintf("< %s %s: %s: %s", e.Server, e.Transport, question, e.Rule)
	if e.Message != "" {
		line += ": " + e.Message
	}
	return line
}
