package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"domprobe/candidate"
	"domprobe/report"
)

// completionCommand prints what makes a shell complete command lines.
func completionCommand() *command {
	return &command{
		name:     "completion",
		summary:  "print the completions for a shell: bash, zsh, fish",
		synopsis: "completion bash|zsh|fish",
		examples: `  source <(domprobe completion bash)
  domprobe completion bash > ~/.local/share/bash-completion/completions/domprobe
  domprobe completion zsh > "${fpath[1]}/_domprobe"
  domprobe completion fish > ~/.config/fish/completions/domprobe.fish
`,
		flags: consoleFlags(),
		words: []string{"bash", "zsh", "fish"},
		exits: map[int]string{codeOK: "the completions are printed"},
		run: func(_ context.Context, inv *invocation) error {
			if len(inv.args) != 1 {
				return usageError("", "completion takes one shell: bash, zsh or fish")
			}
			script := map[string]func() (string, error){
				"bash": func() (string, error) { return bashCompletion, nil },
				"zsh":  func() (string, error) { return zshCompletion, nil },
				"fish": documented().ToFishCompletion,
			}[inv.args[0]]
			if script == nil {
				return usageError("", "no completions for %q, only for bash, zsh and fish", inv.args[0])
			}
			return write(inv.std.Out, script)
		},
	}
}

// manCommand prints the manual page.
func manCommand() *command {
	return &command{
		name:     "man",
		summary:  "print the manual page",
		synopsis: "man",
		examples: `  domprobe man | man -l -
  domprobe man > ~/.local/share/man/man1/domprobe.1
`,
		flags: consoleFlags(),
		exits: map[int]string{codeOK: "the page is printed"},
		run: func(_ context.Context, inv *invocation) error {
			if len(inv.args) > 0 {
				return usageError("", "man takes no words")
			}
			return write(inv.std.Out, manualPage)
		},
	}
}

// manualPage returns the page that urfave makes, but with the usage for the
// synopsis, in place of the list of flags that stands there.
func manualPage() (string, error) {
	page, err := documented().ToManWithSection(1)
	top, rest, _ := strings.Cut(page, ".SH SYNOPSIS\n")
	_, rest, _ = strings.Cut(rest, ".SH DESCRIPTION\n")
	text, rest, _ := strings.Cut(rest, ".PP\n\\fBUsage\\fP:\n")
	usage, flags, ok := strings.Cut(rest, ".SH GLOBAL OPTIONS\n")
	if err == nil && !ok {
		err = errors.New("the manual page has no usage")
	}
	return top + ".SH SYNOPSIS\n" + usage + ".SH DESCRIPTION\n" + text + ".SH OPTIONS\n" + flags, err
}

func write(w io.Writer, text func() (string, error)) error {
	s, err := text()
	if err == nil {
		_, err = io.WriteString(w, s)
	}
	return err
}

// documented returns the whole program as urfave's generators want it.
func documented() *cli.App {
	all := commands()
	app := &cli.App{
		Name:        "domprobe",
		Usage:       all[0].summary,
		UsageText:   "domprobe " + all[0].synopsis + "\ndomprobe COMMAND [flags] ...",
		Description: description(all[0]),
		Flags:       plainFlags(all[0].flags),
		HideHelp:    true,
		HideVersion: true,
	}
	for _, c := range all[1:] {
		app.Commands = append(app.Commands, &cli.Command{
			Name:      c.name,
			Usage:     c.summary,
			UsageText: literal("domprobe "+c.synopsis+"\n", c),
			Flags:     plainFlags(c.flags),
			HideHelp:  true,
		})
	}
	return app
}

// literal returns the examples and exit codes of a command, to be set as they
// are. Without a title the first line would lose its indent.
func literal(title string, cmd *command) string {
	var b strings.Builder
	b.WriteString(title + "\n" + cmd.examples + "\n")
	writeExits(&b, cmd)
	return b.String()
}

// description returns the same of the main command in Markdown, and what holds
// for its flags.
func description(cmd *command) string {
	return "    " + strings.ReplaceAll(literal("Examples:", cmd), "\n", "\n    ") + "\n\n" + variables(cmd.flags)
}

// plainFlags takes the marks out of the descriptions of flags, which only help
// understands.
func plainFlags(flags []cli.Flag) []cli.Flag {
	for _, f := range flags {
		usage := usageOf(f)
		if s, ok := f.(*cli.StringSliceFlag); ok {
			s.TakesFile = strings.Contains(*usage, "`FILE`")
		}
		*usage = strings.NewReplacer("`", "", `\`, `\\`).Replace(*usage)
	}
	return flags
}

// usageOf returns where a flag keeps its description.
func usageOf(f cli.Flag) *string {
	switch f := f.(type) {
	case *cli.StringSliceFlag:
		return &f.Usage
	case *cli.StringFlag:
		return &f.Usage
	case *choice:
		return &f.Usage
	case *cli.IntFlag:
		return &f.Usage
	case *cli.Uint64Flag:
		return &f.Usage
	case *cli.BoolFlag:
		return &f.Usage
	}
	return new(string)
}

// completeFlag is what the scripts put behind an unfinished command line.
const completeFlag = "--generate-bash-completion"

// complete prints what the last word of a command line, which may be empty, can
// become.
func complete(w io.Writer, args []string) error {
	app := documented()
	app.Writer = w
	app.EnableBashCompletion = true
	word := ""
	if n := len(args); n > 0 {
		args, word = args[:n-1], args[n-1]
	}
	cmd, rest := pick(args)
	if n := len(rest); n > 0 {
		if choices, ok := choicesOf(cmd, rest[n-1]); ok {
			_, err := io.WriteString(w, strings.Join(choices, "\n")+"\n")
			return err
		}
	}
	switch {
	case strings.HasPrefix(word, "-"):
		args = append(args, word)
	case len(rest) == 0 && cmd.words != nil:
		_, err := io.WriteString(w, strings.Join(cmd.words, "\n")+"\n")
		return err
	case len(args) > 0:
		return nil // a command is the first word, so these are keywords or files
	}
	return app.Run(slices.Concat([]string{"domprobe"}, args, []string{completeFlag}))
}

// choicesOf returns the values of a flag of which there is a closed list. ok
// tells that a value has to follow in any case.
func choicesOf(cmd *command, flag string) (choices []string, ok bool) {
	for _, f := range cmd.flags {
		for _, name := range f.Names() {
			if flag != "-"+name && flag != "--"+name || !takesValue(f) {
				continue
			}
			if c, ok := f.(*choice); ok {
				return c.choices, true
			}
			switch f.Names()[0] {
			case "only", "expect":
				choices = []string{"found", "not-found", "unknown", "invalid"}
			case "sort":
				choices = report.Orders()
			case "tld-preset":
				choices = candidate.Presets()
			case "tld":
				choices = candidate.TLDs()
			case "words":
				choices = []string{"go", "python"}
			case "resolver":
				choices = []string{"system", "direct", "demo", "cloudflare", "google", "quad9"}
			}
			return choices, true
		}
	}
	return nil, false
}

// The scripts follow those of urfave/cli, but for that they never evaluate what
// has been typed.
var (
	bashCompletion = fmt.Sprintf(`_domprobe() {
  local cur=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
  COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "${COMP_WORDS[@]:1:COMP_CWORD}" %[1]s 2>/dev/null)" -- "$cur"))
}
complete -o bashdefault -o default -F _domprobe domprobe
`, completeFlag)
	zshCompletion = fmt.Sprintf(`#compdef domprobe
_domprobe() {
  local -a opts
  opts=("${(@f)$("$words[1]" "${(@)words[2,CURRENT]}" %[1]s 2>/dev/null)}")
  if [[ -n $opts[1] ]]; then compadd -a opts; else _files; fi
}
if [[ $funcstack[1] == _domprobe ]]; then _domprobe; else compdef _domprobe domprobe; fi
`, completeFlag)
)
