package cli

import (
	"cmp"
	"context"
	"slices"
	"time"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/probe"
)

// planCommand shows what a run finds out about TLDs before it believes a
// server about names.
func planCommand() *command {
	var ask asking
	var tlds []string
	var format string
	return &command{Command: cmdline.Command{
		Name:     "plan",
		Summary:  "show how names under a TLD are decided, and which servers can be believed there",
		Synopsis: "plan [flags] -t TLD,...",
		Examples: `  domprobe plan -t dev,ws,co.uk
  domprobe plan -t dev -r 1.1.1.1 -r 9.9.9.10 -f json
  domprobe plan -t com.br -r direct       # the registry's own servers
`,
		Options: slices.Concat([]*cmdline.Option{
			cmdline.List(&tlds, "tld", "t", "show the plans of these `TLD`s: dev,.io,co.uk").Offer(candidate.TLDs()...).Local().Common(),
			tableFormat(&format, "table", "json"),
		}, ask.options(), ask.zoneOption()),
		Exits: map[int]string{
			codeOK:      "some server can be believed about every TLD, if only that it does not exist",
			codeUnknown: "no server can be believed about some TLD",
		},
	}, run: func(ctx context.Context, inv *invocation) error {
		return plan(ctx, inv, &ask, append(tlds, inv.Words...), format)
	}}
}

func plan(ctx context.Context, inv *invocation, ask *asking, tlds []string, format string) error {
	if len(tlds) == 0 {
		return cmdline.Usage("try: domprobe plan -t dev", "%w", candidate.ErrNoTLD)
	}
	prober, err := newProber(ctx, inv, ask, nil, tracer(inv.console))
	if err != nil {
		return err
	}
	var plans []probe.Plan
	for plan, e := range prober.Plans(ctx, tlds...) {
		if err = e; err == nil {
			plans = append(plans, plan)
		}
	}
	err = cmp.Or(err, prober.close())
	switch {
	case err != nil:
		return err
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

// undecided reports whether names under the TLD would be unknown because no
// server can be believed.
func undecided(p probe.Plan) bool {
	return p.ZoneFile == nil && p.Exists == probe.ExistsUnknown && p.Reason != candidate.SpecialUse
}

func writePlans(inv *invocation, plans []probe.Plan) error {
	lines := [][]string{{"TLD", "EXISTS", "ZONE", "QUESTION", "WILDCARD", "SERVER", "MS", "CONTROLS"}}
	for _, p := range plans {
		head := []string{p.TLD, string(p.Exists), cmp.Or(p.Zone, "-"), p.Question, yesNo(p.Wildcard)}
		if len(p.Servers) == 0 {
			lines = append(lines, append(head, "-", "-", cmp.Or(string(p.Reason), "-")))
		}
		for _, s := range p.Servers {
			lines = append(lines, append(head, s.Server, millis(s.Millis), controlsWord(s)))
			head = make([]string, len(head))
		}
	}
	if err := writeTable(inv.std.Out, lines); err != nil {
		return err
	}
	for _, p := range plans {
		if p.ZoneFile != nil {
			inv.console.Note("%s: the names in its zone file of %s are found without a query", p.TLD, p.ZoneFile.Format(time.DateOnly))
		}
		if p.Detail != "" {
			inv.console.Note("%s", p.Detail)
		}
		for _, s := range p.Servers {
			if s.Detail != "" {
				inv.console.Detail("%s: %s", p.TLD, s.Detail)
			}
		}
	}
	return nil
}

// controlsWord is the outcome of a server's controls.
func controlsWord(s probe.PlanServer) string {
	switch {
	case s.Passed && s.Reason == "":
		return "passed"
	case s.Passed:
		return string(s.Reason)
	}
	return "failed: " + string(s.Reason)
}
