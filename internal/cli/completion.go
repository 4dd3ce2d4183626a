package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// completionCommand prints the completion script of a shell.
func completionCommand() *command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &command{
		name:     "completion",
		summary:  "print the completion script of a shell: " + strings.Join(shells, ", "),
		synopsis: "completion " + strings.Join(shells, "|"),
		examples: `  source <(domprobe completion bash)
  domprobe completion zsh > "${fpath[1]}/_domprobe"
  domprobe completion fish > ~/.config/fish/completions/domprobe.fish
  domprobe completion powershell >> $PROFILE
`,
		words: shells,
		exits: map[int]string{codeOK: "the script is printed"},
		run: func(_ context.Context, inv *invocation) error {
			if len(inv.args) != 1 {
				return usageError("", "completion takes one shell: %s", strings.Join(shells, ", "))
			}
			script, ok := completionScripts[inv.args[0]]
			if !ok {
				return unknownWord("shell", inv.args[0], shells)
			}
			_, err := io.WriteString(inv.std.Out, fmt.Sprintf(script, completeFlag))
			return err
		},
	}
}

// completeFlag is what the scripts put behind an unfinished command line.
const completeFlag = "--generate-bash-completion"

// The scripts pass the words of the command line as they are and never evaluate
// them.
var completionScripts = map[string]string{
	"bash": `_domprobe() {
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" "${COMP_WORDS[@]:1:COMP_CWORD}" %[1]s 2>/dev/null))
}
complete -o bashdefault -o default -F _domprobe domprobe
`,
	"zsh": `#compdef domprobe
_domprobe() {
  local -a opts
  opts=("${(@f)$("$words[1]" "${(@)words[2,CURRENT]}" %[1]s 2>/dev/null)}")
  if [[ -n $opts[1] ]]; then compadd -Q -a opts; else _files; fi
}
if [[ $funcstack[1] == _domprobe ]]; then _domprobe; else compdef _domprobe domprobe; fi
`,
	"fish": `function __domprobe_complete
  set -l words (commandline -opc) (commandline -ct)
  command domprobe $words[2..-1] %[1]s 2>/dev/null
end
complete -c domprobe -n 'test (count (__domprobe_complete)) -gt 0' -f -a '(__domprobe_complete)'
`,
	"powershell": `Register-ArgumentCompleter -Native -CommandName domprobe -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -le $position } | ForEach-Object { $_.Extent.Text })
  if ($word -eq '') {
    $words += if ($PSVersionTable.PSVersion -lt [version]'7.3') { '""' } else { '' }
  }
  & domprobe @words %[1]s 2>$null | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`,
}

// complete prints the words that the last word of a command line, which may be
// empty, can become.
func complete(w io.Writer, args []string) error {
	args, kept := joined(args)
	if len(args) == 0 {
		args = []string{""}
	}
	word := args[len(args)-1]
	cmd, rest := pick(args[:len(args)-1])
	var b strings.Builder
	for _, c := range cmd.completions(rest, word, len(args) == 1) {
		if strings.HasPrefix(c, word) {
			b.WriteString(strings.TrimPrefix(c, kept) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// joined puts together the words that bash has split at "=" and ":", and
// returns the part of the last one that bash keeps on the line.
func joined(args []string) (words []string, kept string) {
	glue := false
	for _, arg := range args {
		breaks := arg == "=" || arg == ":"
		if n := len(words); n > 0 && (breaks || glue) {
			kept = words[n-1]
			words[n-1] += arg
			if breaks {
				kept += arg
			}
		} else {
			words, kept = append(words, arg), ""
		}
		glue = breaks
	}
	return words, kept
}

// completions returns the words that may stand in the place of word, after rest.
func (c *command) completions(rest []string, word string, first bool) (words []string) {
	if slices.Contains(rest, "--") {
		return nil
	}
	if n := len(rest); n > 0 && strings.HasPrefix(rest[n-1], "-") {
		if o := c.option(strings.TrimLeft(rest[n-1], "-")); o != nil && o.arg != "" {
			return o.completions(word)
		}
	}
	name, value, ok := strings.Cut(word, "=")
	switch {
	case ok && strings.HasPrefix(word, "-"):
		if o := c.option(strings.TrimLeft(name, "-")); o != nil {
			for _, v := range o.completions(value) {
				words = append(words, name+"="+v)
			}
		}
	case strings.HasPrefix(word, "-"):
		for _, o := range c.options {
			words = append(words, "--"+o.name)
		}
	case first:
		words = names(commands()[1:])
	case len(rest) == 0:
		words = c.words
	}
	return words
}

// option returns the option with a name or letter, and nil if there is none.
func (c *command) option(name string) *option {
	for _, o := range c.options {
		if name != "" && (o.name == name || o.letter == name) {
			return o
		}
	}
	return nil
}

// completions returns the values that may stand in the place of value: after a
// comma, those that are not there yet.
func (o *option) completions(value string) (values []string) {
	before := ""
	if i := strings.LastIndex(value, ","); i >= 0 && o.several {
		before = value[:i+1]
	}
	there := make(map[string]bool)
	for v := range strings.SplitSeq(before, ",") {
		there[v] = true
	}
	for _, v := range o.values {
		if !there[v] {
			values = append(values, before+v)
		}
	}
	return values
}
