package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/internal/term"
	"domprobe/probe"
)

func explainCommand() *command {
	var ask asking
	var confirm confirming
	return &command{Command: cmdline.Command{
		Name:     "explain",
		Summary:  "tell how the verdict on one name is reached",
		Synopsis: "explain [flags] NAME",
		Examples: `  domprobe explain go.dev
  domprobe explain -r 9.9.9.9 -r 1.1.1.1 example.co.uk
  domprobe explain --confirm rdap qxvzkwj.dev
  domprobe explain -r demo qxvzkwj.dev
`,
		Notes:   "The verdict comes first, then every query and response in the order of time. Add -vv to see them as they happen.",
		Options: slices.Concat(ask.options(), ask.zoneOption(), confirm.options()),
		Exits: map[int]string{
			codeOK:      "the name settled",
			codeUnknown: "the name is unknown",
			codeNoTLD:   "the name is invalid because its TLD does not exist",
		},
	}, run: func(ctx context.Context, inv *invocation) error {
		name, err := oneName(inv, "explain")
		if err != nil {
			return err
		}
		return explain(ctx, inv, name.Keyword, &ask, &confirm)
	}}
}

// oneName returns the only argument of a command. A word without a dot is no
// domain: its verdict would answer another question.
func oneName(inv *invocation, command string) (candidate.Candidate, error) {
	try := "try: domprobe " + command + " go.dev"
	if len(inv.Words) != 1 {
		return candidate.Candidate{}, cmdline.Usage(try, "%s takes one name, not %d", command, len(inv.Words))
	}
	text := inv.Words[0]
	if words, _ := candidate.Clean(text); len(words) == 1 && inv.Literal == 0 {
		text = inv.meant(text)[0]
	}
	name := candidate.Parse(text)
	if name.Err != nil && !candidate.IsDomain(text) {
		return name, cmdline.Usage(try, "%w", name.Err)
	}
	return name, nil
}

func explain(ctx context.Context, inv *invocation, name string, ask *asking, confirm *confirming) error {
	s := &story{start: time.Now(), trace: tracer(inv.console)}
	if ask.probe.Outage == 0 {
		ask.probe.Outage = explainOutage
	}
	prober, err := newProber(ctx, inv, ask, confirm, s.event)
	if err != nil {
		return err
	}
	r, _ := prober.One(ctx, name)
	s.zone = byTLD(prober.opts).about(&r.Candidate)
	err = prober.close()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var t tally
	t.add([]probe.Result{r})
	width, _ := term.Size(inv.stdout)
	return cmp.Or(s.print(inv.std.Out, r, cmp.Or(width, math.MaxInt)), err, exit(t.codes()...))
}

// explainOutage is how long a person who asks why waits for a network.
const explainOutage = 5 * time.Second

// A story is the queries and responses of a run. It is safe for concurrent use.
type story struct {
	mu     sync.Mutex
	start  time.Time
	trace  func(probe.Event) // nil, or told every event as it happens
	events []probe.Event
	zone   string // what the zone file says; empty if there is none
}

// maxEvents bounds a story, in case servers never stop answering.
const maxEvents = 10_000

func (s *story) event(e probe.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) < maxEvents {
		s.events = append(s.events, e)
	}
	if s.trace != nil {
		s.trace(e)
	}
}

// print writes the verdict and its meaning, and then the events, which have
// come to their end, in lines of so many characters.
func (s *story) print(w io.Writer, r probe.Result, width int) error {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(term.Visible(fmt.Sprintf(format, args...)) + "\n")
	}
	event := func(at, text string) {
		fmt.Fprintf(&b, "%10s  %s\n", at, term.Wrap(term.Visible(text), 12, width))
	}
	name := r.Name
	if r.Unicode != "" {
		name += " (" + r.Unicode + ")"
	}
	line("%s: %s (%s): %s", name, r.Verdict, r.Reason, meaning(r.Reason))
	if r.Err != nil {
		line("  %s", r.Err)
	}
	if s.zone != "" {
		line("  %s", s.zone)
	}
	if r.Server != "" && (r.Verdict == probe.Found || r.Verdict == probe.NotFound) {
		line("  decided by %s in %.1f ms; queries sent for the name: %d", r.Server, float64(r.RTT.Microseconds())/1000, r.Tries)
	}
	if r.Verdict == probe.NotFound && r.Reason != probe.RDAPNotRegistered {
		line("  not in the DNS is not the same as free: it may be reserved, on hold or just expired")
	}
	for _, e := range s.events {
		if e.Type == 0 {
			line("  %s about %s: %s", e.Server, e.Name, e.Rule)
		}
	}
	if len(s.events) > 0 {
		line("")
	}
	for _, e := range s.events {
		if e.Type == 0 {
			continue
		}
		text := fmt.Sprintf("%s on %s: %s", e.Server, queryOf(e), e.Rule)
		if !e.Response {
			text = fmt.Sprintf("ask %s over %s: %s", e.Server, e.Transport, queryOf(e))
		}
		event(fmt.Sprintf("%7.1f ms", float64(e.At.Sub(s.start).Microseconds())/1000), text)
		if e.Message != "" {
			event("", e.Message)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func queryOf(e probe.Event) string {
	return dns.TypeToString[e.Type] + " " + strings.TrimSuffix(e.Name, ".")
}

func meaning(reason probe.Reason) string {
	for _, doc := range probe.Reasons() {
		if doc.Reason == reason {
			return doc.Text
		}
	}
	return "no explanation"
}
