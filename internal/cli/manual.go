package cli

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"text/template"

	"github.com/cpuguy83/go-md2man/v2/md2man"

	"domprobe/internal/cmdline"
	"domprobe/internal/term"
	"domprobe/probe"
	"domprobe/report"
)

//go:generate go test -run TestReference -update

//go:embed manual.tmpl
var manualText string

// reference returns docs/reference.md: the template with what the tables of
// commands, reasons and columns say.
func reference() string {
	all := plain(commands())
	t := template.New("manual").Funcs(template.FuncMap{
		"item":     item,
		"wrap":     func(text string) string { return term.Wrap(text, 0, 100) },
		"sentence": func(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." },
		"examples": func(text string) string {
			return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
		},
		"flags": func(c *cmdline.Command) string { return flags(all[0], c) },
	})
	var b strings.Builder
	err := template.Must(t.Parse(manualText)).Execute(&b, map[string]any{
		"Main": all[0], "Commands": all[1:], "Reasons": probe.Reasons(), "Columns": append(report.Columns(), report.ExtraColumns()...), "Precedence": precedence,
		"Project": projectRules(),
	})
	if err != nil {
		panic(err) // the template does not fit these tables
	}
	return b.String()
}

func item(name, text any) string {
	return term.Wrap(fmt.Sprintf("* `%v`: %v", name, text), 2, 100)
}

// flags describes the flags that a command does not share with the main one,
// and names the others.
func flags(top, c *cmdline.Command) string {
	var b strings.Builder
	var shared []string
	for _, o := range c.Options {
		if top.Shares(o) {
			shared = append(shared, "--"+o.Name)
			continue
		}
		text := o.Text()
		if o.Variable() == "" {
			text += "; no variable"
		}
		b.WriteString(item(o.Spelling(), text) + "\n")
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String() + term.Wrap("Flags as above: "+strings.Join(shared, ", ")+". Exit codes:", 0, 100)
}

// itemPattern matches an item of a list.
var itemPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("(?m)^[*] (`[^`]+`): (.*(?:\n  .*)*)\n") })

// roffFixes takes out blank lines, which groff sets beside its own, and keeps
// groff from setting ASCII characters as typographic ones.
var roffFixes = strings.NewReplacer("\n\n.EX", "\n.PP\n.EX", "\n\n", "\n", `\-`, `\-`, "-", `\-`, "'", `\(aq`, "`", `\(ga`)

// man returns the reference as a page for man(1): its items are definitions.
func man() string {
	heading := regexp.MustCompile(`(?m)^## .*$`)
	_, text, _ := strings.Cut(reference(), "## Name\n")
	text = heading.ReplaceAllStringFunc("# domprobe 1\n\n## Name\n"+text, strings.ToUpper)
	text = itemPattern().ReplaceAllString(text, "$1\n: $2\n\n")
	return roffFixes.Replace(string(md2man.Render([]byte(text))))
}
