package cli

import (
	"fmt"
	"strings"

	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/report"
)

//go:generate go test -run TestReference -update

// docs makes a list of words and their meanings.
func docs(pairs ...string) (items []cmdline.Item) {
	for i := 0; i+1 < len(pairs); i += 2 {
		items = append(items, cmdline.Item{Name: pairs[i], Text: pairs[i+1]})
	}
	return items
}

var description = []string{
	"domprobe makes names from keywords and TLDs, asks the DNS about all of them at once, and prints each name in the column of its verdict. " +
		"Rows go to standard output; progress, summary and hints go to standard error.",
	"A negative response counts only if it matches the query, is complete, carries the SOA record of the registry's zone (RFC 2308), " +
		"and comes from a server that has passed its controls. In every other case the name is unknown.",
}

var verdictDocs = docs(
	probe.Found.String(), "the domain is registered, or withheld by the registry",
	probe.NotFound.String(), "the registry's zone does not have the name. It may still be reserved, on hold or just expired: ask a registrar before you pay",
	probe.Unknown.String(), "no response could be trusted. Ask again, or ask another resolver",
	probe.Invalid.String(), "nobody can register the name",
)

var resolverDocs = docs(
	"system", "every nameserver of /etc/resolv.conf; the default",
	"1.1.1.1, 9.9.9.9:53, [2001:db8::1]:53", "an address, over UDP, and over TCP where a response was truncated",
	"udp://HOST, tcp://HOST", "the same transport for a host name or address",
	"tls://HOST[:853]", "DNS over TLS",
	"https://HOST/dns-query", "DNS over HTTPS",
	"cloudflare, google, quad9", "public resolvers without a blocklist: 1.1.1.1 and 1.0.0.1, 8.8.8.8 and 8.8.4.4, 9.9.9.10 and 149.112.112.10",
	"@FILE", "resolvers from a file, one a line, # begins a comment",
	"direct", "the registries' own servers: no resolver sees the names, and no cache makes them old",
	"demo", "a registry built into the program, offline",
	"none", "nobody: zone files alone decide, and a name without one is unknown",
)

var formatDocs = docs(
	"columns (.txt)", "the name in the column of its verdict, with the reason where there is no answer; reasons are explained on standard error",
	"marks (.marks)", "`+ name` found, two spaces and the name for not-found, `? name (reason)` unknown, `! name (reason)` invalid",
	"names (.names)", "the bare name; invalid names are left out",
	"csv (.csv)", "RFC 4180 with a header; new columns are added at the end",
	"tsv (.tsv, .tab)", "the same columns with tabs between them",
	"json (.json)", "an array of objects with the names of the columns of CSV and `\"v\":1`",
	"jsonl (.jsonl, .ndjson)", "the objects of json, one a line",
	"grid (.grid)", "keywords as rows, TLDs as columns, a mark for each verdict",
	"markdown (.md, .markdown)", "the same as a table; a list of whole domains, or of --columns",
	"html (.html, .htm)", "the same as a page with filter and sort",
	"none", "nothing, for reports and exit codes",
)

var environment = docs(
	"NO_COLOR", "if set, rows have no colours; --color takes precedence (https://no-color.org)",
	"CLICOLOR_FORCE", "if set and not 0, rows have colours wherever they go",
	"TERM", "if dumb, there is no colour, no progress line and no drawing",
	"XDG_CONFIG_HOME", "the folder of domprobe/tlds, in place of ~/.config",
	"XDG_CACHE_HOME", "the folder of domprobe/rdap-dns.json, in place of ~/.cache",
	"HTTPS_PROXY", "the proxy for RDAP",
	"GOGC", "how much the heap grows between garbage collections, in per cent; 25 if not set",
)

var files = docs(
	"/etc/resolv.conf", "the resolvers of --resolver system",
	"~/.config/domprobe/tlds", "TLD sets of your own, a line each: name: com io dev",
	"~/.cache/domprobe/rdap-dns.json", "the RDAP servers of the TLDs (RFC 9224), kept for a day or more",
)

func precedenceText() string {
	var codes []string
	for _, code := range precedence {
		codes = append(codes, fmt.Sprint(code))
	}
	return "Where several codes apply, the first of these is used: " + strings.Join(codes, ", ") + "."
}

// manual returns the tables behind the manual page and docs/reference.md.
func manual() *cmdline.Manual {
	var reasons, columns []cmdline.Item
	for _, d := range probe.Reasons() {
		reasons = append(reasons, cmdline.Item{Name: string(d.Reason), Text: d.Verdict.String() + ": " + d.Text})
	}
	for _, c := range report.Columns() {
		columns = append(columns, cmdline.Item(c))
	}
	return &cmdline.Manual{
		Commands:    plain(commands()),
		Description: description,
		Sections: []cmdline.Section{
			{Title: "Verdicts", Items: verdictDocs},
			{Title: "Reasons", Items: reasons},
			{Title: "Resolvers", Items: resolverDocs},
			{Title: "Formats", Items: formatDocs},
			{Title: "Columns of CSV, TSV and JSON", Items: columns},
		},
		Precedence:  precedenceText(),
		Environment: environment,
		Files:       files,
	}
}
