package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// resolversFormats are what resolvers can print; the first is the default.
var resolversFormats = []string{"table", "json", "list"}

// resolversCommand tests resolvers and ranks them.
func resolversCommand() *command {
	return &command{
		name:     "resolvers",
		summary:  "test resolvers: who can be believed, and who is fast",
		synopsis: "resolvers [flags] [RESOLVER...]",
		examples: `  domprobe resolvers                      # the system's
  domprobe resolvers -r cloudflare -r google -r tls://dns.quad9.net
  domprobe resolvers -r @many.txt -f list > good.txt && domprobe -r @good.txt -t dev go
`,
		flags: slices.Concat([]cli.Flag{
			local(list("tld", "t", "ask about names under this `TLD`, which must exist (com)")),
			tableFlag(resolversFormats...),
		}, askFlags(), consoleFlags()),
		exits: map[int]string{
			codeOK:          "some resolver is good",
			codeUnknown:     "no resolver is good",
			codeInterrupted: "interrupted",
		},
		run: runResolvers,
	}
}

// maxParallel bounds how many resolvers are tested at a time: each takes a
// handful of sockets.
const maxParallel = 128

func runResolvers(ctx context.Context, inv *invocation) error {
	format, err := parseTable(inv.flags, resolversFormats...)
	if err != nil {
		return err
	}
	opts, err := askOptions(inv.flags)
	if err != nil {
		return err
	}
	so := probe.SurveyOptions{Parallel: min(opts.Concurrency, maxParallel)}
	switch tlds := values(inv.flags, "tld"); {
	case len(tlds) > 1:
		return usageError("", "resolvers are tested with one TLD, not %d", len(tlds))
	case len(tlds) == 1:
		so.TLD = tlds[0]
	}
	servers, stop, err := surveyServers(ctx, inv)
	if err != nil {
		return interrupted(ctx, err)
	}
	opts.Servers, opts.Trace = servers, tracer(inv.console)
	start := time.Now()
	found, err := surveyAll(ctx, opts, so)
	if e := stop(); err == nil {
		err = e
	}
	var bad *candidate.OptionError
	var never *candidate.Error
	if errors.As(err, &bad) || errors.As(err, &never) {
		return usageError("", "%w", err)
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
	if err := writeSurvey(inv, format, found); err != nil {
		return err
	}
	inv.console.note("%d of %d resolvers are good; tested in %.2fs", good, len(found), time.Since(start).Seconds())
	if good == 0 {
		return exit(codeUnknown)
	}
	return nil
}

// surveyServers returns the servers that the arguments and flags name.
func surveyServers(ctx context.Context, inv *invocation) ([]resolver.Server, func() error, error) {
	for _, arg := range inv.args {
		if err := inv.flags.Set("resolver", arg); err != nil {
			return nil, nil, usageError("", "%w", err)
		}
	}
	servers, err := await(ctx, func() ([]resolver.Server, error) { return parseServers(inv.flags) })
	if err != nil {
		return nil, nil, err
	}
	if slices.ContainsFunc(servers, isDirect) {
		return nil, nil, usageError("try: domprobe plan -r direct -t dev", "direct is not a resolver that can be tested")
	}
	return openServers(ctx, servers, inv.console)
}

func surveyAll(ctx context.Context, opts probe.Options, so probe.SurveyOptions) ([]probe.Surveyed, error) {
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
	t := newTable(inv.std.Out, "RESOLVER", "MEDIAN", "P95", "ANSWERED", "OVER", "DS", "0X20", "EDNS", "COOKIES", "CONTROLS")
	for _, s := range found {
		t.line(s.Server, millis(s.MedianMS), millis(s.P95MS), fmt.Sprintf("%d/%d", s.Answered, s.Asked),
			dash(strings.Join(s.Transports, ",")), yesNo(s.DS), yesNo(s.Case), yesNo(s.EDNS), yesNo(s.Cookies), surveyWord(s))
	}
	if err := t.close(); err != nil {
		return err
	}
	for _, s := range found {
		if s.Detail != "" {
			inv.console.detail("%s: %s", s.Server, s.Detail)
		}
	}
	return nil
}

// surveyWord is what the controls of a resolver showed.
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
