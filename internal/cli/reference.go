package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"domprobe/internal/term"
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
	{"marks", ".marks", "`+ name` found, two spaces and the name for not-found, `? name (reason)` unknown, `! name (reason)` invalid"},
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

// A markdown is a document in the making.
type markdown struct{ strings.Builder }

func (m *markdown) section(title string)  { m.WriteString("\n## " + title + "\n\n") }
func (m *markdown) paragraph(text string) { m.WriteString(term.Wrap(text, 0, 100) + "\n") }

func (m *markdown) item(name, text string) {
	m.WriteString(term.Wrap("* `"+name+"`: "+strings.ReplaceAll(text, "|", `\|`), 2, 100) + "\n")
}

func (m *markdown) items(docs []doc) {
	for _, d := range docs {
		m.item(d.name, d.text)
	}
}

func (m *markdown) exits(exits map[int]string) {
	for _, code := range slices.Sorted(maps.Keys(exits)) {
		m.item(strconv.Itoa(code), exits[code])
	}
}

// reference returns docs/reference.md.
func reference() string {
	m := new(markdown)
	m.WriteString("# Reference\n\n")
	m.paragraph("Written by `go generate ./internal/cli` from the tables behind `domprobe --help` and `domprobe man`.")
	m.section("Verdicts")
	m.items(verdictDocs)
	m.section("Reasons")
	m.paragraph("Every row says why. The reasons that begin with `rdap-` come with `--confirm`; of the names not found, " +
		"only `rdap-not-registered` has the word of the registry.")
	for _, v := range verdictDocs {
		m.WriteString("\n**" + v.name + "**\n\n")
		for _, d := range probe.Reasons() {
			if d.Verdict.String() == v.name {
				m.item(string(d.Reason), d.Text)
			}
		}
	}
	m.section("Resolvers")
	m.items(resolverDocs)
	m.section("Formats")
	m.paragraph("`-f FORMAT` chooses the format of standard output; the ending of `-o FILE` that of a report.")
	m.WriteString("\n| format | endings | rows |\n|---|---|---|\n")
	for _, f := range formatDocs {
		fmt.Fprintf(m, "| `%s` | %s | %s |\n", f.name, codes(strings.Fields(f.endings)), f.text)
	}
	m.section("Columns of CSV, TSV and JSON")
	for _, c := range report.Columns() {
		m.item(c.Name, c.Text)
	}
	m.section("Exit codes")
	m.paragraph(precedenceText() + " Every command has the codes 1 and 2; those of other commands stand with their flags.")
	m.WriteString("\n")
	m.exits(commands()[0].allExits())
	m.section("Environment")
	m.paragraph("Every flag can be set by an environment variable, `DOMPROBE_RESOLVER` for `--resolver`; the flag takes precedence. " +
		"The few flags without a variable are marked.")
	m.WriteString("\n")
	m.items(environment)
	m.section("Files")
	m.items(files)
	for i, c := range commands() {
		m.section(strings.TrimSpace("domprobe " + c.name))
		m.paragraph("`domprobe " + c.synopsis + "`: " + c.summary + ".")
		if c.notes != "" {
			m.WriteString("\n")
			m.paragraph(c.notes)
		}
		m.WriteString("\nExamples:\n\n  " + strings.ReplaceAll(strings.TrimSuffix(c.examples, "\n"), "\n", "\n  ") + "\n\n")
		var shared []string
		for _, o := range c.options {
			switch {
			case i > 0 && sharedWith(commands()[0], o):
				shared = append(shared, "--"+o.name)
			case o.own && i > 0:
				m.item(o.spelling(), o.text()+"; no variable")
			default:
				m.item(o.spelling(), o.text())
			}
		}
		if i > 0 {
			m.WriteString("\nExit codes:\n\n")
			m.exits(c.exits)
			m.WriteString("\n")
			m.paragraph("As in `domprobe`: " + codes(shared) + ".")
		}
	}
	return m.String()
}

func codes(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "`" + strings.Join(words, "` `") + "`"
}
