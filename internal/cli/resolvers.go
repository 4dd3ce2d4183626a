package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// A surveying is the settings of the command resolvers.
type surveying struct {
	ask    asking
	tlds   []string
	format string
}

// resolversCommand tests resolvers and ranks them.
func resolversCommand() *command {
	s := new(surveying)
	return &command{
		Command: cmdline.Command{
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
		},
		run: s.run,
	}
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
		return interrupted(ctx, err)
	}
	opts := s.ask.probe
	opts.Servers, opts.Trace = servers, tracer(inv.console)
	start := time.Now()
	found, err := survey(ctx, opts, so)
	if e := stop(); err == nil {
		err = e
	}
	var bad *candidate.OptionError
	var never *candidate.Error
	if errors.As(err, &bad) || errors.As(err, &never) {
		return cmdline.Usage("", "%w", err)
	}
	if err != nil {
		return interrupted(ctx, err)
	}
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
	servers, err := await(ctx, func() ([]resolver.Server, error) { return parseServers(append(s.ask.resolvers, inv.Words...)) })
	if err != nil {
		return nil, nil, err
	}
	if slices.ContainsFunc(servers, isDirect) {
		return nil, nil, cmdline.Usage("try: domprobe plan -r direct -t dev", "direct is not a resolver that can be tested")
	}
	return openServers(ctx, servers, inv.console)
}

func survey(ctx context.Context, opts probe.Options, so probe.SurveyOptions) ([]probe.Surveyed, error) {
	found := []probe.Surveyed{}
	for s, err := range probe.Survey(ctx, opts, so) {
		if err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	probe.Rank(found)
	return found, nil
}

func writeSurvey(inv *invocation, format string, found []probe.Surveyed) error {
	switch format {
	case "json":
		return writeJSON(inv.std.Out, found)
	case "list":
		return writeGood(inv.std.Out, found)
	}
	t := newTable(inv.std.Out, "RESOLVER", "MEDIAN", "P95", "ANSWERED", "LOSS", "OVER", "DS", "0X20", "EDNS", "COOKIES", "CONTROLS")
	for _, s := range found {
		t.line(s.Server, millis(s.MedianMS), millis(s.P95MS), fmt.Sprintf("%d/%d", s.Answered, s.Asked), loss(s),
			dash(strings.Join(s.Transports, ",")), yesNo(s.DS), yesNo(s.Case), yesNo(s.EDNS), yesNo(s.Cookies), surveyWord(s))
	}
	if err := t.close(); err != nil {
		return err
	}
	for _, s := range found {
		if s.Detail != "" {
			inv.console.Detail("%s: %s", s.Server, s.Detail)
		}
	}
	return nil
}

// loss is the share of queries without a response.
func loss(s probe.Surveyed) string {
	if s.Asked == 0 {
		return "-"
	}
	return fmt.Sprintf("%d%%", 100*(s.Asked-s.Answered)/s.Asked)
}

// surveyWord is the outcome of a resolver's controls.
func surveyWord(s probe.Surveyed) string {
	if s.Good {
		return "passed"
	}
	word := "failed: " + string(s.Reason)
	if len(s.Rewrites) > 0 {
		word += ", to " + strings.Join(s.Rewrites, ", ")
	}
	return word
}

// writeGood prints the good resolvers, each once, as --resolver @FILE takes them.
func writeGood(w io.Writer, found []probe.Surveyed) error {
	var b strings.Builder
	seen := make(map[string]bool)
	for _, s := range found {
		if s.Good && !seen[s.Server] {
			seen[s.Server] = true
			b.WriteString(s.Server + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
