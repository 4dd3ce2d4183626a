package cli

import (
	"context"
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
				"fish": fishCompletion,
			}[inv.args[0]]
			if script == nil {
				return usageError("", "no completions for %q, only for bash, zsh and fish", inv.args[0])
			}
			return write(inv.std.Out, script)
		},
	}
}

// fishCompletion returns the completions that urfave makes, and those that it
// does not know of: formats, and the words that may follow a command.
func fishCompletion() (string, error) {
	script, err := documented().ToFishCompletion()
	var b strings.Builder
	b.WriteString(script)
	for _, c := range commands() {
		when := "__fish_domprobe_no_subcommand"
		if c.name != "" {
			when = "__fish_seen_subcommand_from " + c.name
		}
		if c.words != nil {
			fmt.Fprintf(&b, "complete -c domprobe -n '%s' -f -a '%s'\n", when, strings.Join(c.words, " "))
		}
		for _, f := range c.flags {
			if f, ok := f.(*choice); ok {
				fmt.Fprintf(&b, "complete -c domprobe -n '%s' -x -l %s -a '%s'\n", when, f.Name, strings.Join(f.choices, " "))
			}
		}
	}
	return b.String(), err
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
