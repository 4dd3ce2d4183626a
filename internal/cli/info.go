package cli

import (
	"io"
	"slices"
	"strings"

	"domprobe/internal/cmdline"
	"domprobe/internal/term"
)

// printing is a command that prints text.
func printing(c cmdline.Command, text func(*invocation) (string, error)) *command {
	return &command{Command: c, run: interruptible(func(inv *invocation) error {
		s, err := text(inv)
		if err != nil {
			return err
		}
		return inv.print(s)
	})}
}

// print writes text to standard output.
func (inv *invocation) print(text string) error {
	_, err := io.WriteString(inv.std.Out, text)
	return err
}

func helpCommand() *command {
	return printing(cmdline.Command{
		Name:     "help",
		Summary:  "print the help of a command",
		Synopsis: "help [COMMAND]",
		Examples: "  domprobe help\n  domprobe help explain\n",
		Exits:    map[int]string{codeOK: "the help is printed"},
	}, func(inv *invocation) (string, error) {
		all := commands()
		at, rest := cmdline.Pick(plain(all), inv.Words)
		if len(rest) > 1 || len(rest) == 1 && !slices.Contains(all[at].Words, rest[0]) {
			return "", cmdline.Unknown("command", strings.Join(inv.Words, " "), namesOf(all))
		}
		return inv.help(all[at], true), nil
	})
}

// helpWidth is the width of help that does not go to a terminal.
const helpWidth = 80

// help returns the help of a command as wide as the terminal.
func (inv *invocation) help(cmd *command, full bool) string {
	width, _ := term.Size(inv.stdout)
	if width == 0 {
		width = helpWidth
	}
	var list []*cmdline.Command
	if cmd.Name == "" {
		list = plain(commands()[1:])
	}
	return cmd.Help(full, max(width-1, 40), list...)
}

func versionCommand() *command {
	return printing(cmdline.Command{
		Name:     "version",
		Summary:  "print the version, the commit and its date",
		Synopsis: "version",
		Examples: "  domprobe version\n",
		Exits:    map[int]string{codeOK: "the version is printed"},
	}, func(inv *invocation) (string, error) { return version(), inv.noArguments("version", "") })
}

func manCommand() *command {
	return printing(cmdline.Command{
		Name:     "man",
		Summary:  "print the manual page",
		Synopsis: "man",
		Examples: "  domprobe man | man -l -\n  domprobe man > ~/.local/share/man/man1/domprobe.1\n",
		Exits:    map[int]string{codeOK: "the page is printed"},
	}, func(inv *invocation) (string, error) { return man(), inv.noArguments("man", "") })
}

func completionCommand() *command {
	shells := strings.Join(cmdline.Shells(), ", ")
	return printing(cmdline.Command{
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
	}, func(inv *invocation) (string, error) {
		if len(inv.Words) != 1 {
			return "", cmdline.Usage("", "completion takes one shell: %s", shells)
		}
		return cmdline.CompletionScript(inv.Words[0])
	})
}
