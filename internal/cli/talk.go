package cli

import (
	"strconv"

	"domprobe/internal/term"
)

// A talking is the settings of standard error and of colours, which every
// command has.
type talking struct {
	quiet               bool
	verbosity           int
	color               string
	noColor, noProgress bool
}

func (t *talking) options() []*option {
	verbose := newOption("verbose", "v", "print decisions to standard error; -vv prints every query and response", "", func(s string) (err error) {
		if t.verbosity, err = strconv.Atoi(s); err != nil {
			return usageError("", "--verbose cannot be %q", s)
		}
		if t.verbosity < 0 || t.verbosity > 2 {
			return usageError("", "--verbose is 0, 1 or 2")
		}
		return nil
	})
	verbose.counts = true
	ignored := new(bool) // parse answers --help and --version
	return []*option{
		toggle(&t.quiet, "quiet", "q", "print nothing but errors to standard error").inShort(),
		verbose.inShort(),
		oneOf(&t.color, "color", "", "say `WHEN` rows have colours; auto is on a terminal, unless NO_COLOR is set, and always if CLICOLOR_FORCE is", "--color", term.Whens()...),
		toggle(&t.noColor, "no-color", "", "the same as --color never"),
		toggle(&t.noProgress, "no-progress", "", "show no progress on a terminal"),
		toggle(ignored, "version", "", "print the version").local(),
		toggle(ignored, "help", "h", "print help: -h the usual flags, --help everything").local().inShort(),
	}
}

func (t *talking) colors(terminal bool) bool {
	if t.noColor {
		return false
	}
	return term.Color(t.color, terminal)
}
