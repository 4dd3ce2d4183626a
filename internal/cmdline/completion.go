package cmdline

import (
	"embed"
	"io"
	"slices"
	"strings"
)

// CompleteFlag is what the completion scripts put behind an unfinished command
// line, for [Complete].
const CompleteFlag = "--generate-bash-completion"

// Shells returns the shells that [CompletionScript] knows.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// The scripts pass the words of the command line as they are and never evaluate
// them.
//
//go:embed completion
var completionScripts embed.FS

// CompletionScript returns the completion script of a shell.
func CompletionScript(shell string) (string, error) {
	script, err := completionScripts.ReadFile("completion/" + shell)
	if err != nil {
		return "", Unknown("shell", shell, Shells())
	}
	return strings.ReplaceAll(string(script), "@FLAG@", CompleteFlag), nil
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
