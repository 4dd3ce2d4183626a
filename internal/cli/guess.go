package cli

import (
	"os"
	"slices"
	"strings"

	"domprobe/report"
)

// nearest returns the word of a list that was most likely meant by a mistyped
// one, or nothing.
func nearest(word string, known []string) (meant string) {
	word = strings.ToLower(word)
	best := 1 + min(2, len(word)/3)
	for _, k := range known {
		if d := distance(word, k); d < best {
			best, meant = d, k
		}
	}
	return meant
}

// distance is how many slips turn a into b: a letter too many, too few, or
// wrong, or two neighbours exchanged (optimal string alignment).
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 0
			if a[i-1] != b[j-1] {
				wrong = 1
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// unknownWord is the error of a word that is not in a closed list.
func unknownWord(noun, word string, known []string) error {
	hint := "known are " + strings.Join(known, ", ")
	if meant := nearest(word, known); meant != "" {
		hint = "did you mean " + meant + "?"
	}
	return usageError(hint, "unknown %s %q", noun, word)
}

// meansLong reports whether an argument with one hyphen is a mistyped long
// option rather than letters: -tdl is --tld, and -tdev is -t dev.
func meansLong(known []*option, arg string) bool {
	name, _, _ := strings.Cut(arg[1:], "=")
	for _, o := range known {
		if len(name) > 2 && name[0] == o.name[0] && distance(name, o.name) == 1 {
			return true
		}
	}
	return false
}

func unknownOption(known []*option, arg string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	if name == "" {
		return usageError("", "unknown flag %s", arg)
	}
	var names []string
	for _, o := range known {
		names = append(names, o.name)
	}
	hint := "keywords that begin with - come after --"
	if meant := nearest(name, names); meant != "" {
		hint = "did you mean --" + meant + "? Keywords that begin with - come after --"
	}
	return usageError(hint, "unknown flag %s", arg)
}

const tldHint = "try: domprobe -t dev go rust, or domprobe --help"

// noTLD is the error of a keyword that needs a TLD where none is given. If the
// keyword looks like a command, the error says how that is called. source is
// where the keyword was read, empty for an argument.
func (inv *invocation) noTLD(source, word string) error {
	if word == "" {
		return usageError(tldHint, "no TLD given")
	}
	hint := tldHint
	switch meant := nearest(word, names(commands()[1:])); {
	case source != "":
		if format, err := report.FormatOf(source); err == nil && slices.Contains(report.Readable(), format) {
			hint = "if it is a report, try: domprobe render " + source
		}
		return usageError(hint, "%s: no TLD given for %q", source, word)
	case meant == word:
		hint = "a command comes first: domprobe " + word + " ..."
	case meant != "" && word == inv.args[0]:
		hint = "did you mean the command " + meant + "? Else " + tldHint
	}
	return usageError(hint, "no TLD given for %q", word)
}

// looksLikeFile is the error of an argument that is a file and hardly a domain,
// because it has a slash or an ending that is no TLD.
func looksLikeFile(word string, isTLD func(string) bool) error {
	_, ending, ok := cutLast(word, ".")
	if !strings.ContainsAny(word, `/\`) && (!ok || isTLD(ending)) {
		return nil
	}
	if info, err := os.Stat(word); err != nil || info.IsDir() {
		return nil
	}
	return usageError("to read keywords from it: -i "+word+"; to probe it as a name: -- "+word, "%s is a file", word)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
