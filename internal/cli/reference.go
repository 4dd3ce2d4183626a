package cli

import (
	"fmt"
	"slices"
	"strings"

	"domprobe/probe"
	"domprobe/report"
)

//go:generate go test -run TestReference -update

// A doc is a word and its meaning. Manual page and reference are written from
// lists of them.
type doc struct{ name, text string }

var description = []string{
	"domprobe makes names from keywords and TLDs, asks the DNS about all of them at once, and prints each name in the column of its verdict. " +
		"Rows go to standard output; progress, summary and hints go to standard error.",
	"A negative response counts only if it matches the query, is complete, carries the SOA record of the registry's zone (RFC 2308), " +
		"and comes from a server that has passed its controls. In every other case the name is unknown.",
}

var verdictDocs = []doc{
	{probe.Found.String(), "the domain is registered, or withheld by the registry"},
	{probe.NotFound.String(), "the registry's zone does not have the name. It may still be reserved, on hold or just expired: ask a registrar before you pay"},
	{probe.Unknown.String(), "no response could be trusted. Ask again, or ask another resolver"},
	{probe.Invalid.String(), "nobody can register the name"},
}

var resolverDocs = []doc{
	{"system", "every nameserver of /etc/resolv.conf; the default"},
	{"1.1.1.1, 9.9.9.9:53, [2001:db8::1]:53", "an address, over UDP, and over TCP where a response was truncated"},
	{"udp://HOST, tcp://HOST", "the same transport for a host name or address"},
	{"tls://HOST[:853]", "DNS over TLS"},
	{"https://HOST/dns-query", "DNS over HTTPS"},
	{"cloudflare, google, quad9", "public resolvers without a blocklist: 1.1.1.1 and 1.0.0.1, 8.8.8.8 and 8.8.4.4, 9.9.9.10 and 149.112.112.10"},
	{"@FILE", "resolvers from a file, one a line, # begins a comment"},
	{"direct", "the registries' own servers: no resolver sees the names, and no cache makes them old"},
	{"demo", "a registry built into the program, offline"},
}

// A formatDoc is a format with the endings of its files.
type formatDoc struct{ name, endings, text string }

var formatDocs = []formatDoc{
	{"columns", ".txt", "the name in the column of its verdict, with the reason where there is no answer; reasons are explained on standard error"},
	{"marks", ".marks", "`+ name` found, two spaces and the name for not-found, `? name (reason)` for the rest"},
	{"names", ".names", "the bare name; invalid names are left out"},
	{"csv", ".csv", "RFC 4180 with a header; new columns are added at the end"},
	{"tsv", ".tsv .tab", "the same columns with tabs between them"},
	{"json", ".json", "an array of objects with the names of the columns of CSV and `\"v\":1`"},
	{"jsonl", ".jsonl .ndjson", "the objects of json, one a line"},
	{"grid", ".grid", "keywords as rows, TLDs as columns, a mark for each verdict"},
	{"markdown", ".md .markdown", "the same as a table; a list of whole domains, or of --columns"},
	{"html", ".html .htm", "the same as a page with filter and sort"},
	{"none", "", "nothing, for reports and exit codes"},
}

var environment = []doc{
	{"NO_COLOR", "if set, rows have no colours; --color takes precedence (https://no-color.org)"},
	{"CLICOLOR_FORCE", "if set and not 0, rows have colours wherever they go"},
	{"TERM", "if dumb, there is no colour, no progress line and no drawing"},
	{"XDG_CONFIG_HOME", "the folder of domprobe/tlds, in place of ~/.config"},
	{"XDG_CACHE_HOME", "the folder of domprobe/rdap-dns.json, in place of ~/.cache"},
	{"HTTPS_PROXY", "the proxy for RDAP"},
	{"GOGC", "how much the heap grows between garbage collections, in per cent; 25 if not set"},
}

var files = []doc{
	{"/etc/resolv.conf", "the resolvers of --resolver system"},
	{"~/.config/domprobe/tlds", "TLD sets of your own, a line each: name: com io dev"},
	{"~/.cache/domprobe/rdap-dns.json", "the RDAP servers of the TLDs (RFC 9224), kept for a day or more"},
}

func precedenceText() string {
	var codes []string
	for _, code := range precedence {
		codes = append(codes, fmt.Sprint(code))
	}
	return "Where several codes apply, the first of these is used: " + strings.Join(codes, ", ") + "."
}

// reference returns docs/reference.md.
func reference() string {
	var b strings.Builder
	section := func(title string) { fmt.Fprintf(&b, "\n## %s\n\n", title) }
	items := func(docs []doc) {
		for _, d := range docs {
			fmt.Fprintf(&b, "* `%s`: %s\n", d.name, d.text)
		}
	}
	b.WriteString("# Reference\n\nWritten by `go generate ./internal/cli` from the tables behind `domprobe --help` and `domprobe man`.\n")
	section("Verdicts")
	items(verdictDocs)
	section("Reasons")
	b.WriteString("Every row says why. The reasons that begin with `rdap-` come with `--confirm`;\n" +
		"of the names not found, only `rdap-not-registered` has the word of the registry.\n")
	for _, v := range verdictDocs {
		fmt.Fprintf(&b, "\n**%s**\n\n", v.name)
		for _, d := range probe.Reasons() {
			if d.Verdict.String() == v.name {
				fmt.Fprintf(&b, "* `%s`: %s\n", d.Reason, d.Text)
			}
		}
	}
	section("Resolvers")
	items(resolverDocs)
	section("Formats")
	b.WriteString("`-f FORMAT` chooses the format of standard output; the ending of `-o FILE` that of a report.\n\n" +
		"| format | endings | rows |\n|---|---|---|\n")
	for _, f := range formatDocs {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.name, codes(strings.Fields(f.endings)), f.text)
	}
	b.WriteString("\n`--sort` takes " + codes(report.Orders()) + ".\n")
	section("Columns of CSV and JSON")
	for _, c := range report.Columns() {
		fmt.Fprintf(&b, "* `%s`: %s\n", c.Name, c.Text)
	}
	section("Exit codes")
	b.WriteString(precedenceText() + "\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "\n**domprobe %s**\n\n", c.name)
		for line := range strings.Lines(exitLines(c)) {
			code, text, _ := strings.Cut(line, " ")
			fmt.Fprintf(&b, "* `%s`: %s\n", code, strings.TrimSpace(text))
		}
	}
	section("Environment")
	b.WriteString("Every flag can be set by an environment variable, `DOMPROBE_RESOLVER` for `--resolver`; the flag takes precedence.\n" +
		"Flags without a variable are marked below.\n\n")
	items(environment)
	section("Files")
	items(files)
	for _, c := range commands() {
		section(strings.TrimSpace("domprobe " + c.name))
		fmt.Fprintf(&b, "%s.\n\n    domprobe %s\n", strings.ToUpper(c.summary[:1])+c.summary[1:], c.synopsis)
		if c.notes != "" {
			b.WriteString("\n" + c.notes + "\n")
		}
		b.WriteString("\n")
		for line := range strings.Lines(c.examples) {
			b.WriteString("  " + line)
		}
		b.WriteString("\n")
		for _, o := range c.options {
			if c.name != "" && sharedWith(commands()[0], o) {
				continue
			}
			none := ""
			if o.own && !slices.Contains([]string{"help", "version"}, o.name) {
				none = "; no variable"
			}
			fmt.Fprintf(&b, "* `%s`: %s%s\n", o.spelling(), strings.ReplaceAll(o.text(), "|", `\|`), none)
		}
		if c.name != "" {
			b.WriteString("\nFlags that are not listed here mean the same as in `domprobe`: " + sharedNames(c) + ".\n")
		}
	}
	return b.String()
}

func sharedNames(c *command) string {
	var shared []string
	for _, o := range c.options {
		if sharedWith(commands()[0], o) {
			shared = append(shared, "--"+o.name)
		}
	}
	return codes(shared)
}

func codes(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "`" + strings.Join(words, "` `") + "`"
}
