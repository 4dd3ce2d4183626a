package cli

import (
	"strconv"

	"domprobe/internal/cmdline"
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

func (t *talking) options() []*cmdline.Option {
	verbose := cmdline.Func("verbose", "v", "print decisions to standard error; -vv prints every query and response", "", func(s string) (err error) {
		if t.verbosity, err = strconv.Atoi(s); err != nil {
			return cmdline.Usage("", "--verbose cannot be %q", s)
		}
		if t.verbosity < 0 || t.verbosity > 2 {
			return cmdline.Usage("", "--verbose is 0, 1 or 2")
		}
		return nil
	})
	ignored := new(bool) // parse answers --help and --version
	return []*cmdline.Option{
		cmdline.Switch(&t.quiet, "quiet", "q", "print nothing but errors to standard error").Common(),
		verbose.Counting().Common(),
		cmdline.OneOf(&t.color, "color", "", "say `WHEN` rows have colours; auto is on a terminal, unless NO_COLOR is set, and always if CLICOLOR_FORCE is", "--color", term.Whens()...),
		cmdline.Switch(&t.noColor, "no-color", "", "the same as --color never"),
		cmdline.Switch(&t.noProgress, "no-progress", "", "show no progress on a terminal"),
		cmdline.Switch(ignored, "version", "", "print the version").Local(),
		cmdline.Switch(ignored, "help", "h", "print help: -h the usual flags, --help everything").Local().Common(),
	}
}

func (t *talking) colors(terminal bool) bool {
	if t.noColor {
		return false
	}
	return term.Color(t.color, terminal)
}
