package cmdline

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// CompleteFlag is what the completion scripts put behind an unfinished command
// line, for [Complete].
const CompleteFlag = "--generate-bash-completion"

// Shells returns the shells that [CompletionScript] knows.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// CompletionScript returns the completion script of a shell.
func CompletionScript(shell string) (string, error) {
	script, ok := completionScripts[shell]
	if !ok {
		return "", Unknown("shell", shell, Shells())
	}
	return fmt.Sprintf(script, CompleteFlag), nil
}

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

// Complete prints the words that the last word of a command line, which may be
// empty, can become.
func Complete(w io.Writer, commands []*Command, args []string) error {
	args, kept := joined(args)
	if len(args) == 0 {
		args = []string{""}
	}
	word := args[len(args)-1]
	at, rest := Pick(commands, args[:len(args)-1])
	candidates := commands[at].completions(rest, word)
	if len(args) == 1 && !strings.HasPrefix(word, "-") {
		candidates = Names(commands[1:])
	}
	var b strings.Builder
	for _, c := range candidates {
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
func (c *Command) completions(rest []string, word string) (words []string) {
	if slices.Contains(rest, "--") {
		return nil
	}
	if n := len(rest); n > 0 && strings.HasPrefix(rest[n-1], "-") {
		if o := c.option(strings.TrimLeft(rest[n-1], "-")); o != nil && o.arg != "" {
			return o.completions(word)
		}
	}
	name, value, hasValue := strings.Cut(word, "=")
	switch {
	case hasValue && strings.HasPrefix(word, "-"):
		if o := c.option(strings.TrimLeft(name, "-")); o != nil {
			for _, v := range o.completions(value) {
				words = append(words, name+"="+v)
			}
		}
	case strings.HasPrefix(word, "-"):
		for _, o := range c.Options {
			words = append(words, "--"+o.Name)
		}
	case len(rest) == 0:
		words = c.Words
	}
	return words
}

// completions returns the values that may stand in the place of value: after a
// comma, those that are not there yet.
func (o *Option) completions(value string) (values []string) {
	before := ""
	if i := strings.LastIndex(value, ","); i >= 0 && o.several {
		before = value[:i+1]
	}
	there := strings.Split(before, ",")
	for _, v := range o.values {
		if !slices.Contains(there, v) {
			values = append(values, before+v)
		}
	}
	return values
}
