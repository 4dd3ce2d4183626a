package cmdline

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"domprobe/internal/term"
)

// A Manual is the commands of a program, the main one first, and what users
// should know besides.
type Manual struct {
	Commands    []*Command
	Description []string // paragraphs
	Sections    []Section
	Precedence  string // which exit code is used where several apply
	Environment []Item
	Files       []Item
}

// A Section explains the words of a list.
type Section struct {
	Title string
	Items []Item
}

// An Item is a word and its meaning.
type Item struct{ Name, Text string }

// Man returns the manual as a page for man(1).
func (m *Manual) Man() string {
	d := new(roff)
	d.WriteString(".TH " + Program + " 1\n")
	m.write(d)
	return d.String()
}

// Markdown returns the manual in Markdown.
func (m *Manual) Markdown() string {
	d := new(markdown)
	d.WriteString("# " + Program + "\n\nWritten by `go generate ./internal/cli` from the tables behind `" + Program + " --help`.\n")
	m.write(d)
	return strings.ReplaceAll(d.String(), "\n\n\n", "\n\n")
}

// A document is text with sections.
type document interface {
	section(title string)
	part(title string)
	paragraph(text string)
	item(name, text string)
	usage(lines ...string)
	literal(lines string)
}

func (m *Manual) write(d document) {
	top := m.Commands[0]
	d.section("Name")
	d.paragraph(Program + " - " + top.Summary)
	d.section("Synopsis")
	d.usage(Program+" "+top.Synopsis, Program+" COMMAND [flags] ...")
	d.section("Description")
	for _, text := range m.Description {
		d.paragraph(text)
	}
	d.section("Options")
	for _, o := range top.Options {
		d.item(o.spelling(), o.Text())
	}
	for _, s := range m.Sections {
		d.section(s.Title)
		items(d, s.Items)
	}
	d.section("Commands")
	for _, c := range m.Commands[1:] {
		m.command(d, c)
	}
	d.section("Exit status")
	d.paragraph(m.Precedence)
	exits(d, top)
	d.section("Environment")
	d.paragraph(top.variables())
	items(d, m.Environment)
	d.section("Files")
	items(d, m.Files)
	d.section("Examples")
	d.literal(top.Examples)
}

func (m *Manual) command(d document, c *Command) {
	d.part(Program + " " + c.Name)
	d.usage(Program + " " + c.Synopsis)
	d.paragraph(strings.ToUpper(c.Summary[:1]) + c.Summary[1:] + ". " + c.Notes)
	d.literal(c.Examples)
	var shared []string
	for _, o := range c.Options {
		other := m.Commands[0].option(o.Name)
		switch {
		case other != nil && other.Text() == o.Text():
			shared = append(shared, "--"+o.Name)
		case o.local:
			d.item(o.spelling(), o.Text()+"; no variable")
		default:
			d.item(o.spelling(), o.Text())
		}
	}
	d.paragraph("Flags as above: " + strings.Join(shared, ", ") + ". Exit codes:")
	exits(d, c)
}

func exits(d document, c *Command) {
	for _, code := range slices.Sorted(maps.Keys(c.Exits)) {
		d.item(strconv.Itoa(code), c.Exits[code])
	}
}

func items(d document, list []Item) {
	for _, i := range list {
		d.item(i.Name, i.Text)
	}
}

// roff is a document for groff_man(7).
type roff struct{ strings.Builder }

// escape returns text that is no request.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}

func (d *roff) section(title string) { d.WriteString(".SH " + strings.ToUpper(title) + "\n") }
func (d *roff) part(title string)    { d.WriteString(".SS " + escape(title) + "\n") }
func (d *roff) paragraph(text string) {
	d.WriteString(".PP\n" + escape(strings.TrimSpace(text)) + "\n")
}
func (d *roff) item(name, text string) {
	d.WriteString(".TP\n.B " + escape(name) + "\n" + escape(text) + "\n")
}

func (d *roff) usage(lines ...string) {
	d.WriteString(".nf\n" + escape(strings.Join(lines, "\n")) + "\n.fi\n")
}

func (d *roff) literal(lines string) {
	d.WriteString(".PP\n.nf\n")
	for line := range strings.Lines(lines) {
		d.WriteString(escape(strings.TrimPrefix(line, "  ")))
	}
	d.WriteString(".fi\n")
}

// markdown is a document in Markdown.
type markdown struct{ strings.Builder }

func (d *markdown) section(title string) { d.WriteString("\n## " + title + "\n\n") }
func (d *markdown) part(title string)    { d.WriteString("\n### " + title + "\n\n") }

func (d *markdown) paragraph(text string) { d.WriteString("\n" + term.Wrap(text, 0, 100) + "\n\n") }

func (d *markdown) item(name, text string) {
	d.WriteString(term.Wrap("* `"+name+"`: "+text, 2, 100) + "\n")
}

func (d *markdown) usage(lines ...string) {
	d.WriteString("`" + strings.Join(lines, "`  \n`") + "`\n\n")
}

func (d *markdown) literal(lines string) {
	d.WriteString("  " + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", "\n  ") + "\n\n")
}
