package cli

import (
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
)

const tldHint = "try: domprobe -t dev go rust, or domprobe --help"

// noTLD is the error of a keyword that needs a TLD where none is given. If the
// keyword looks like a command, the error says how that is called. source is
// where the keyword was read, empty for an argument.
func (inv *invocation) noTLD(source, word string) error {
	hint := tldHint
	switch meant := likeCommand(word); {
	case word == "":
		return cmdline.Usage(hint, "no TLD given")
	case source != "":
		if _, err := savedFormat(source); err == nil {
			hint = "if it is a report, try: domprobe render " + source
		}
		return cmdline.Usage(hint, "%s: no TLD given for %q", source, word)
	case meant == word:
		hint = "a command comes first: domprobe " + word + " ..."
	case meant != "" && word == inv.Words[0]:
		hint = "did you mean the command " + meant + "? Else " + hint
	}
	return cmdline.Usage(hint, "no TLD given for %q", word)
}

// likeCommand returns the command that a word may mean, and nothing if there is none.
func likeCommand(word string) string {
	if word == "" {
		return ""
	}
	return cmdline.Nearest(word, namesOf(commands()))
}

// looksLikeFile is the error of an argument that is a file and hardly a domain,
// because it has a slash or an ending that is no TLD.
func looksLikeFile(word string) error {
	ending := strings.TrimPrefix(filepath.Ext(word), ".")
	if !strings.ContainsAny(word, `/\`) && (ending == "" || candidate.IsTLD(ending)) {
		return nil
	}
	if info, err := os.Stat(word); err != nil || info.IsDir() {
		return nil
	}
	return cmdline.Usage("to read keywords from it: -i "+word+"; to probe it as a name: -- "+word, "%s is a file", word)
}

// isLiteral reports whether the argument comes after "--", and so is taken as it is.
func (inv *invocation) isLiteral(i int) bool { return i >= len(inv.Words)-inv.Literal }

// keywordsOf returns the keywords that an argument means. A literal one is its own.
func (inv *invocation) keywordsOf(i int) ([]string, error) {
	word := inv.Words[i]
	if inv.isLiteral(i) {
		return []string{word}, nil
	}
	if err := looksLikeFile(word); err != nil {
		return nil, err
	}
	return inv.meant(word), nil
}

// meant returns the keywords that pasted text means, and tells the user once for
// each way to read it.
func (inv *invocation) meant(text string) []string {
	words, note := candidate.Clean(text)
	fullStop := len(words) == 1 && words[0]+"." == text
	if note != "" && !fullStop && !slices.Contains(inv.notes, note) {
		inv.notes = append(inv.notes, note)
		inv.console.Note("%q is read as %s: %s", cut(text, 60), cut(strings.Join(words, ", "), 120), note)
	}
	return words
}

// cut returns a text of so many characters at most.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if r := []rune(text); len(r) > most {
		text = string(r[:most-3]) + "..."
	}
	return text
}

// cleaned returns the keywords that lines mean.
func cleaned(lines iter.Seq2[string, error], meant func(string) []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for line, err := range lines {
			if err != nil {
				yield("", err)
				return
			}
			for _, word := range meant(line) {
				if !yield(word, nil) {
					return
				}
			}
		}
	}
}
