package cmdline

import (
	"cmp"
	"strings"
)

// Nearest returns the word of a list that was most likely meant by a mistyped
// one, or nothing.
func Nearest(word string, known []string) (meant string) {
	word = strings.ToLower(word)
	best := 1 + min(2, len(word)/3)
	for _, k := range known {
		if d := distance(word, k); d < best {
			best, meant = d, k
		}
	}
	return meant
}

// Hint asks whether the nearest word of a list was meant. It is empty if none is
// near.
func Hint(word string, known []string) string {
	if meant := Nearest(word, known); meant != "" {
		return "did you mean " + meant + "?"
	}
	return ""
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

// Unknown is the error of a word that is not in a closed list. noun is what the
// words are.
func Unknown(noun, word string, known []string) error {
	hint := cmp.Or(Hint(word, known), "known are "+strings.Join(known, ", "))
	return Usage(hint, "unknown %s %q", noun, word)
}

// meansLong reports whether an argument with one hyphen is a mistyped long
// option rather than letters: -tdl is --tld, and -tdev is -t dev.
func (c *Command) meansLong(arg string) bool {
	name, _, _ := strings.Cut(arg[1:], "=")
	for _, o := range c.Options {
		if len(name) > 2 && name[0] == o.Name[0] && distance(name, o.Name) == 1 {
			return true
		}
	}
	return false
}

func (c *Command) unknownOption(arg string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	var names []string
	for _, o := range c.Options {
		names = append(names, o.Name)
	}
	meant, hint := Nearest(name, names), "keywords that begin with - come after --"
	switch {
	case meant != "" && c.Name != "":
		hint = "did you mean --" + meant + "?"
	case meant != "":
		hint = "did you mean --" + meant + "? Keywords that begin with - come after --"
	case c.Name != "":
		hint = "see " + Program + " " + c.Name + " --help"
	}
	return Usage(hint, "unknown flag %s", arg)
}
