package cli

import (
	"context"
	"io"
	"strings"

	"domprobe/internal/cmdline"
	"domprobe/internal/term"
)

func helpCommand() *command {
	return &command{
		Command: cmdline.Command{
			Name:     "help",
			Summary:  "print the help of a command",
			Synopsis: "help [COMMAND]",
			Examples: "  domprobe help\n  domprobe help explain\n",
			Exits:    map[int]string{codeOK: "the help is printed"},
		},
		run: func(_ context.Context, inv *invocation) error {
			all, word := commands(), strings.Join(inv.Words, " ")
			at, rest := cmdline.Pick(plain(all), inv.Words)
			if len(rest) > 0 {
				return cmdline.Unknown("command", word, cmdline.Names(plain(all[1:])))
			}
			return inv.help(all[at], true)
		},
	}
}

// helpWidth is the width of help that does not go to a terminal.
const helpWidth = 80

// help prints the help of a command as wide as the terminal.
func (inv *invocation) help(cmd *command, full bool) error {
	width, _ := term.Size(inv.stdout)
	if width == 0 {
		width = helpWidth
	}
	var list []*cmdline.Command
	if cmd.Name == "" {
		list = plain(commands()[1:])
	}
	return inv.print(cmd.Help(full, max(width-1, 40), list...))
}

// print writes text to standard output.
func (inv *invocation) print(text string) error {
	_, err := io.WriteString(inv.std.Out, text)
	return err
}

// printer returns the run of a command that takes no words and prints text.
func printer(name string, text func() string) func(context.Context, *invocation) error {
	return func(_ context.Context, inv *invocation) error {
		if len(inv.Words) > 0 {
			return cmdline.Usage("", "%s takes no words", name)
		}
		return inv.print(text())
	}
}

func versionCommand() *command {
	return &command{
		Command: cmdline.Command{
			Name:     "version",
			Summary:  "print the version, the commit and its date",
			Synopsis: "version",
			Examples: "  domprobe version\n",
			Exits:    map[int]string{codeOK: "the version is printed"},
		},
		run: printer("version", version),
	}
}

func manCommand() *command {
	return &command{
		Command: cmdline.Command{
			Name:     "man",
			Summary:  "print the manual page",
			Synopsis: "man",
			Examples: `  domprobe man | man -l -
  domprobe man > ~/.local/share/man/man1/domprobe.1
`,
			Exits: map[int]string{codeOK: "the page is printed"},
		},
		run: printer("man", func() string { return manual().Man() }),
	}
}

func completionCommand() *command {
	shells := strings.Join(cmdline.Shells(), ", ")
	return &command{
		Command: cmdline.Command{
			Name:     "completion",
			Summary:  "print the completion script of a shell: " + shells,
			Synopsis: "completion " + strings.Join(cmdline.Shells(), "|"),
			Examples: `  source <(domprobe completion bash)
  domprobe completion zsh > "${fpath[1]}/_domprobe"
  domprobe completion fish > ~/.config/fish/completions/domprobe.fish
  domprobe completion powershell >> $PROFILE
`,
			Words: cmdline.Shells(),
			Exits: map[int]string{codeOK: "the script is printed"},
		},
		run: func(_ context.Context, inv *invocation) error {
			if len(inv.Words) != 1 {
				return cmdline.Usage("", "completion takes one shell: %s", shells)
			}
			script, err := cmdline.CompletionScript(inv.Words[0])
			if err != nil {
				return err
			}
			return inv.print(script)
		},
	}
}
