package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"domprobe/candidate"
	"domprobe/probe"
)

// planFormats are what plan can print; the first is the default.
var planFormats = []string{"table", "json"}

// planCommand shows what a run knows about TLDs before it believes anybody.
func planCommand() *command {
	return &command{
		name:     "plan",
		summary:  "show how names under a TLD are decided, and who can be believed there",
		synopsis: "plan [flags] -t TLD,...",
		examples: `  domprobe plan -t dev,ws,co.uk
  domprobe plan -t dev -r 1.1.1.1 -r 9.9.9.10 -f json
  domprobe plan -t com.br -r direct       # the registry's own servers
`,
		flags: slices.Concat([]cli.Flag{
			local(list("tld", "t", "show the plans of these `TLD`s: dev,.io,co.uk")),
			tableFlag(planFormats...),
		}, askFlags(), consoleFlags()),
		exits: map[int]string{
			codeOK:          "there is somebody to believe about every TLD, if only that it does not exist",
			codeUnknown:     "there is nobody to believe about some TLD",
			codeInterrupted: "interrupted",
		},
		run: runPlan,
	}
}

func runPlan(ctx context.Context, inv *invocation) error {
	format, err := parseTable(inv.flags, planFormats...)
	if err != nil {
		return err
	}
	tlds := append(values(inv.flags, "tld"), inv.args...)
	if len(tlds) == 0 {
		return usageError("try: domprobe plan -t dev", "%w", candidate.ErrNoTLD)
	}
	prober, stop, err := newProber(ctx, inv, tracer(inv.console))
	if err != nil {
		return interrupted(ctx, err)
	}
	var plans []probe.Plan
	for plan, e := range prober.Plans(ctx, tlds...) {
		if err = e; err == nil {
			plans = append(plans, plan)
		}
	}
	if e := stop(); err == nil {
		err = e
	}
	var bad *candidate.OptionError
	switch {
	case errors.As(err, &bad):
		return usageError("", "%w", bad)
	case err != nil:
		return interrupted(ctx, err)
	case format == "json":
		err = writeJSON(inv.std.Out, plans)
	default:
		err = writePlans(inv, plans)
	}
	if err == nil && slices.ContainsFunc(plans, undecided) {
		err = exit(codeUnknown)
	}
	return err
}

// undecided reports whether names under the TLD would be unknown for want of
// anybody to believe.
func undecided(p probe.Plan) bool {
	return p.Exists == probe.ExistsUnknown && p.Reason != candidate.SpecialUse
}

func writePlans(inv *invocation, plans []probe.Plan) error {
	t := newTable(inv.std.Out, "TLD", "EXISTS", "ZONE", "QUESTION", "WILDCARD", "SERVER", "MS", "CONTROLS")
	for _, p := range plans {
		head := []string{p.TLD, string(p.Exists), dash(p.Zone), p.Question, yesNo(p.Wildcard)}
		if len(p.Servers) == 0 {
			t.line(append(head, "-", "-", dash(string(p.Reason)))...)
		}
		for _, s := range p.Servers {
			t.line(append(head, s.Server, millis(s.Millis), controlsWord(s))...)
			head = make([]string, len(head))
		}
	}
	if err := t.close(); err != nil {
		return err
	}
	for _, p := range plans {
		if p.Detail != "" {
			inv.console.note("%s", p.Detail)
		}
		for _, s := range p.Servers {
			if s.Detail != "" {
				inv.console.detail("%s: %s", p.TLD, s.Detail)
			}
		}
	}
	return nil
}

// controlsWord is what the controls of a server showed, in a word.
func controlsWord(s probe.PlanServer) string {
	switch {
	case s.Passed && s.Reason == "":
		return "passed"
	case s.Passed:
		return string(s.Reason)
	}
	return "failed: " + string(s.Reason)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// millis prints milliseconds, and a dash for none.
func millis(ms float64) string {
	if ms == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", ms)
}

// tracer returns what prints every question and response, if that is wanted.
func tracer(console *console) func(probe.Event) {
	if console.verbosity < 2 {
		return nil
	}
	return func(e probe.Event) { console.note("%s", traceLine(e)) }
}
