package cmdline

import (
	"cmp"
	"strings"

	"domprobe/internal/text"
)

// Nearest returns the word of a list that was most likely meant by a mistyped
// one, or nothing.
func Nearest(word string, known []string) (meant string) {
	word = strings.ToLower(word)
	best := 1 + min(2, len(word)/3)
	for _, k := range known {
		if d := text.Slips(word, k); d < best {
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
		if len(name) > 2 && name[0] == o.Name[0] && text.Slips(name, o.Name) == 1 {
			return true
		}
	}
	return false
}

func (c *Command) unknownOption(arg string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	names := text.Of(c.Options, func(o *Option) string { return o.Name })
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
