package cli

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"domprobe/probe"
	"domprobe/report"
)

// The flags come in groups that commands share. Each function makes new ones,
// because a flag holds its value.

// Every command has these.
var (
	helpFlag    = &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "print this help"}
	versionFlag = &cli.BoolFlag{Name: "version", Usage: "print the version"}
)

const verboseFlag = "verbose"

// generateFlags say which names to make.
func generateFlags() []cli.Flag {
	return []cli.Flag{
		list("tld", "t", "put keywords under these `TLD`s: dev,.io,co.uk"),
		list("input", "i", "read keywords from this `FILE`, a line each; - is standard input"),
		list("prefix", "p", "also put these `WORDS` before each keyword: get,my"),
		list("suffix", "s", "also put these `WORDS` after each keyword: app,hq"),
		list("words", "", "add the keywords of a programming `LANGUAGE`: go, python"),
		number("min-len", "", "leave out names whose first label is shorter than `N`", 0),
		number("max-len", "", "leave out names whose first label is longer than `N`", 0),
	}
}

// askFlags say whom to ask, and how.
func askFlags() []cli.Flag {
	return []cli.Flag{
		list("resolver", "r", "ask this `RESOLVER`: system (default), 1.1.1.1, 9.9.9.9:53, udp://, tcp://, tls:// or "+
			"https:// and a host, cloudflare, google, quad9, @FILE, direct (the registries' own servers), demo (built in, offline)"),
		number("concurrency", "c", "have at most `N` names in flight, 1 to 65536", 100),
		text("rate", "", "send at most `N` questions a second to one server; 0 is no limit, auto is 1000 to a public resolver, "+
			"100 to a registry's server, no limit on this machine and private networks", "auto"),
		text("timeout", "", "wait at most this `TIME` for one answer: 500ms, 2s", "2s"),
		number("tries", "", "ask each server at most `N` times about a name, 1 to 3", 3),
		number("quorum", "", "believe a not-found when `N` servers agree", 1),
		toggle("escalate", "", "ask the registries' own servers about names that the resolvers leave open; "+
			"the default for the system's and public resolvers"),
		toggle("no-escalate", "", "never do that"),
	}
}

// outputFlags say where rows go.
func outputFlags() []cli.Flag {
	return []cli.Flag{
		oneOf("format", "f", "write rows to standard output in this `FORMAT`", report.Formats()...),
		list("output", "o", "also write every row to this `FILE`, in the format of its ending"),
		list("only", "", "write only rows with this `VERDICT` to standard output: found, not-found, unknown, invalid"),
	}
}

// consoleFlags say what is told beside the rows.
func consoleFlags() []cli.Flag {
	return []cli.Flag{
		toggle("quiet", "q", "print nothing but errors to standard error"),
		number(verboseFlag, "v", "print what is decided on the way; -vv prints every question and response", 0),
		toggle("no-color", "", "use no colours on a terminal"),
		toggle("no-progress", "", "show no progress on a terminal"),
		versionFlag,
		helpFlag,
	}
}

// envVar returns the environment variable that stands in for a flag.
func envVar(name string) []string {
	return []string{"DOMPROBE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))}
}

func aliases(letter string) []string {
	if letter == "" {
		return nil
	}
	return []string{letter}
}

// A list flag may be repeated. Its values are taken as they are: see values.
func list(name, letter, usage string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Aliases: aliases(letter), Usage: usage, EnvVars: envVar(name), KeepSpace: true}
}

func text(name, letter, usage, value string) cli.Flag {
	return &cli.StringFlag{Name: name, Aliases: aliases(letter), Usage: usage, EnvVars: envVar(name), Value: value}
}

func number(name, letter, usage string, value int) cli.Flag {
	return &cli.IntFlag{Name: name, Aliases: aliases(letter), Usage: usage, EnvVars: envVar(name), Value: value}
}

func toggle(name, letter, usage string) cli.Flag {
	return &cli.BoolFlag{Name: name, Aliases: aliases(letter), Usage: usage, EnvVars: envVar(name)}
}

// A choice is a flag with a closed list of values, the first of which is the
// default.
type choice struct {
	*cli.StringFlag
	choices []string
}

func oneOf(name, letter, usage string, choices ...string) cli.Flag {
	return &choice{
		&cli.StringFlag{Name: name, Aliases: aliases(letter), Usage: usage + ": " + strings.Join(choices, ", "),
			EnvVars: envVar(name), Value: choices[0]},
		choices,
	}
}

// local takes the environment variable from a flag by which its command means
// something else than others by theirs of this name.
func local(f cli.Flag) cli.Flag {
	switch f := f.(type) {
	case *cli.StringSliceFlag:
		f.EnvVars = nil
	case *cli.IntFlag:
		f.EnvVars = nil
	case *cli.BoolFlag:
		f.EnvVars = nil
	case *choice:
		f.EnvVars = nil
	}
	return f
}

// values returns the values of a list flag that are separated by commas.
func values(flags *cli.Context, name string) []string {
	var all []string
	for _, v := range flags.StringSlice(name) {
		for item := range strings.SplitSeq(v, ",") {
			all = append(all, strings.TrimSpace(item))
		}
	}
	return all
}

// What urfave says about a value that it cannot read.
var (
	badValue    = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-+([\w-]+): `)
	badVariable = regexp.MustCompile(`^could not parse (".*") as \w+ value from environment variable "(\w+)" for flag `)
)

// flagError makes a usage error of one of urfave's.
func flagError(err error) error {
	if m := badVariable.FindStringSubmatch(err.Error()); m != nil {
		return usageError("", "the environment variable %s cannot be %s", m[2], m[1])
	}
	if m := badValue.FindStringSubmatch(err.Error()); m != nil {
		return usageError("", "--%s cannot be %s", m[2], m[1])
	}
	return usageError("", "%w", err)
}

// askOptions maps the flags of askFlags, but for the resolvers.
func askOptions(flags *cli.Context) (probe.Options, error) {
	opts := probe.Options{
		Concurrency: flags.Int("concurrency"),
		Tries:       flags.Int("tries"),
		Quorum:      flags.Int("quorum"),
	}
	// To the library zero is a default; on the command line it is a mistake.
	for _, bound := range []struct {
		flag    string
		n, most int
	}{
		{"concurrency", opts.Concurrency, probe.MaxConcurrency},
		{"tries", opts.Tries, probe.MaxTries},
		{"quorum", opts.Quorum, probe.MaxQuorum},
	} {
		if bound.n < 1 || bound.n > bound.most {
			return opts, usageError("", "--%s %d is not from 1 to %d", bound.flag, bound.n, bound.most)
		}
	}
	if flags.Bool("escalate") && flags.Bool("no-escalate") {
		return opts, usageError("", "--escalate and --no-escalate contradict each other")
	}
	var err error
	if opts.Timeout, err = parseTimeout(flags.String("timeout")); err != nil {
		return opts, err
	}
	opts.Rate, err = parseRate(flags.String("rate"))
	return opts, err
}

func parseTimeout(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, usageError("try 500ms or 2s", "--timeout %q is not a time", s)
	}
	if d <= 0 {
		return 0, usageError("", "--timeout %s is not more than 0", s)
	}
	return d, nil
}

// parseRate returns the rate in the terms of [probe.Options].
func parseRate(s string) (float64, error) {
	if s == "auto" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n < 0 || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, usageError("try auto, 50 or 0", "--rate %q is not a number of questions a second", s)
	}
	if n == 0 {
		return -1, nil
	}
	return n, nil
}

// parseVerdicts returns the verdicts that --only or --expect names; none means
// all.
func parseVerdicts(flags *cli.Context, name string) (map[probe.Verdict]bool, error) {
	var verdicts map[probe.Verdict]bool
	for _, word := range values(flags, name) {
		v, err := probe.ParseVerdict(word)
		if err != nil {
			return nil, usageError("known are found, not-found, unknown, invalid", "--%s: %w", name, err)
		}
		if verdicts == nil {
			verdicts = make(map[probe.Verdict]bool)
		}
		verdicts[v] = true
	}
	return verdicts, nil
}
