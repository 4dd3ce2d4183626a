package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// manCommand prints the manual page.
func manCommand() *command {
	return &command{
		name:     "man",
		summary:  "print the manual page",
		synopsis: "man",
		examples: `  domprobe man | man -l -
  domprobe man > ~/.local/share/man/man1/domprobe.1
`,
		exits: map[int]string{codeOK: "the page is printed"},
		run: func(_ context.Context, inv *invocation) error {
			if len(inv.args) > 0 {
				return usageError("", "man takes no words")
			}
			_, err := io.WriteString(inv.std.Out, manualPage())
			return err
		},
	}
}

// A page is a manual page in the making (groff_man(7)).
type page struct{ strings.Builder }

// roff escapes text, which must not begin a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}

func (p *page) section(title string)  { p.WriteString(".SH " + title + "\n") }
func (p *page) paragraph(text string) { p.WriteString(".PP\n" + roff(text) + "\n") }

func (p *page) item(tag, text string) {
	p.WriteString(".TP\n.B " + roff(tag) + "\n" + roff(text) + "\n")
}

// literal writes lines as they are.
func (p *page) literal(lines string) {
	p.WriteString(".PP\n.nf\n")
	for line := range strings.Lines(lines) {
		p.WriteString(roff(strings.TrimPrefix(line, "  ")))
	}
	p.WriteString(".fi\n")
}

func (p *page) options(options []*option) {
	for _, o := range options {
		p.item(o.spelling(), o.text())
	}
}

func exitLines(cmd *command) string {
	var b strings.Builder
	exits := cmd.allExits()
	for _, code := range slices.Sorted(maps.Keys(exits)) {
		fmt.Fprintf(&b, "%-5d%s\n", code, exits[code])
	}
	return b.String()
}

func manualPage() string {
	all := commands()
	p := new(page)
	p.WriteString(".TH domprobe 1\n")
	p.section("NAME")
	p.WriteString(`domprobe \- ` + roff(all[0].summary) + "\n")
	p.section("SYNOPSIS")
	p.WriteString(".nf\n" + roff("domprobe "+all[0].synopsis) + "\n" + roff("domprobe COMMAND [flags] ...") + "\n.fi\n")
	p.section("DESCRIPTION")
	for _, text := range description {
		p.paragraph(text)
	}
	for _, v := range verdictDocs {
		p.item(v.name, v.text)
	}
	p.section("OPTIONS")
	p.options(all[0].options)
	p.section("COMMANDS")
	for _, c := range all[1:] {
		p.WriteString(".SS " + roff(c.name) + "\n" + roff("domprobe "+c.synopsis+": "+c.summary) + "\n")
		if c.notes != "" {
			p.paragraph(c.notes)
		}
		p.literal(c.examples)
		own := slices.DeleteFunc(slices.Clone(c.options), func(o *option) bool { return sharedWith(all[0], o) })
		p.options(own)
		p.paragraph("Exit codes:")
		p.literal(exitLines(c))
	}
	p.section("EXIT STATUS")
	p.literal(exitLines(all[0]))
	p.paragraph(precedenceText())
	p.section("ENVIRONMENT")
	p.paragraph(variables(all[0].options))
	for _, v := range environment {
		p.item(v.name, v.text)
	}
	p.section("FILES")
	for _, f := range files {
		p.item(f.name, f.text)
	}
	p.section("EXAMPLES")
	p.literal(all[0].examples)
	return p.String()
}

// sharedWith reports whether a command has the same option.
func sharedWith(c *command, o *option) bool {
	return slices.ContainsFunc(c.options, func(other *option) bool { return other.name == o.name && other.text() == o.text() })
}
