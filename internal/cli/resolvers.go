package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/internal/text"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// A surveying is the settings of the command resolvers.
type surveying struct {
	ask    asking
	tlds   []string
	format string
}

func resolversCommand() *command {
	s := new(surveying)
	return &command{Command: cmdline.Command{
		Name:     "resolvers",
		Summary:  "test resolvers: which can be believed, lose nothing, and are fast",
		Synopsis: "resolvers [flags] [RESOLVER...]",
		Examples: `  domprobe resolvers                      # the system's
  domprobe resolvers -r cloudflare -r google -r tls://dns.quad9.net
  domprobe resolvers -r @many.txt -f list > good.txt    # for -r @good.txt
`,
		Options: slices.Concat([]*cmdline.Option{
			cmdline.List(&s.tlds, "tld", "t", "ask about names under this `TLD`, which must exist (com)").Offer(candidate.TLDs()...).Local(),
			tableFormat(&s.format, "table", "json", "list"),
		}, s.ask.options()),
		Exits: map[int]string{
			codeOK:      "some resolver is good",
			codeUnknown: "no resolver is good",
		},
	}, run: s.run}
}

// maxParallel bounds how many resolvers are tested at a time: each takes a
// handful of sockets.
const maxParallel = 128

func (s *surveying) run(ctx context.Context, inv *invocation) error {
	so := probe.SurveyOptions{Parallel: min(cmp.Or(s.ask.probe.Concurrency, probe.DefaultConcurrency), maxParallel)}
	switch {
	case len(s.tlds) > 1:
		return cmdline.Usage("", "resolvers are tested with one TLD, not %d", len(s.tlds))
	case len(s.tlds) == 1:
		so.TLD = s.tlds[0]
	}
	servers, stop, err := s.servers(ctx, inv)
	if err != nil {
		return err
	}
	opts := s.ask.probe
	opts.Servers, opts.Trace = servers, tracer(inv.console)
	start := time.Now()
	found := []probe.Surveyed{}
	for s, e := range probe.Survey(ctx, opts, so) {
		if err = e; err == nil {
			found = append(found, s)
		}
	}
	if err = cmp.Or(err, stop()); err != nil {
		return err
	}
	probe.Rank(found)
	good := 0
	for _, s := range found {
		if s.Good {
			good++
		}
	}
	if err := writeSurvey(inv, s.format, found); err != nil {
		return err
	}
	inv.console.Note("%d of %d resolvers are good; tested in %.2fs", good, len(found), time.Since(start).Seconds())
	if good == 0 {
		return exit(codeUnknown)
	}
	return nil
}

// servers returns the servers of the arguments and --resolver.
func (s *surveying) servers(ctx context.Context, inv *invocation) ([]resolver.Server, func() error, error) {
	servers, err := await(ctx, func() ([]resolver.Server, error) {
		return parseServers(append(s.ask.resolvers, inv.own.named(inv.Words)...))
	})
	if err != nil {
		return nil, nil, err
	}
	if len(servers) == 0 {
		return nil, nil, cmdline.Usage("", "none is not a resolver that can be tested")
	}
	if slices.ContainsFunc(servers, isDirect) {
		return nil, nil, cmdline.Usage("try: domprobe plan -r direct -t dev", "direct is not a resolver that can be tested")
	}
	return openServers(ctx, servers, inv.console)
}

func writeSurvey(inv *invocation, format string, found []probe.Surveyed) error {
	switch format {
	case "json":
		return writeJSON(inv.std.Out, found)
	case "list":
		return writeGood(inv, found)
	}
	lines := [][]string{{"RESOLVER", "MEDIAN", "P95", "ANSWERED", "OVER", "CONTROLS"}}
	for _, s := range found {
		lines = append(lines, []string{s.Server, millis(s.MedianMS), millis(s.P95MS), fmt.Sprintf("%d/%d", s.Answered, s.Asked),
			cmp.Or(strings.Join(s.Transports, ","), "-"), surveyWord(s)})
		if s.Detail != "" {
			inv.console.Detail("%s: %s", s.Server, s.Detail)
		}
	}
	return writeTable(inv.std.Out, lines)
}

// surveyWord is the outcome of a resolver's controls, and of what a good one is
// not capable.
func surveyWord(s probe.Surveyed) string {
	if !s.Good {
		word := "failed: " + string(s.Reason)
		if len(s.Rewrites) > 0 {
			word += ", to " + strings.Join(s.Rewrites, ", ")
		}
		return word
	}
	var lacks []string
	for _, able := range []struct {
		is   bool
		what string
	}{{s.DS, "DS"}, {s.Case, "0x20"}, {s.EDNS, "EDNS"}, {s.Cookies, "cookies"}} {
		if !able.is {
			lacks = append(lacks, able.what)
		}
	}
	if len(lacks) == 0 {
		return "passed"
	}
	return "passed, but no " + strings.Join(lacks, ", ")
}

// writeGood prints the good resolvers, each once, as --resolver @FILE takes them.
func writeGood(inv *invocation, found []probe.Surveyed) error {
	var good []string
	for _, s := range found {
		if s.Good {
			good = append(good, s.Server+"\n")
		}
	}
	return inv.print(strings.Join(text.Distinct(good), ""))
}
