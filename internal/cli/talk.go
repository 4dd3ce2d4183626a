package cli

import (
	"errors"
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
	t.color = "auto"
	ignored := new(bool) // parse answers --help and --version
	return []*cmdline.Option{
		cmdline.Switch(&t.quiet, "quiet", "q", "print nothing but errors to standard error").Common(),
		cmdline.Parsed(&t.verbosity, "verbose", "v", "print decisions to standard error; -vv prints every query and response", "", parseVerbosity).
			Counting().Common(),
		cmdline.OneOf(&t.color, "color", "", "say `WHEN` rows have colours; auto is on a terminal, unless NO_COLOR is set, and always if CLICOLOR_FORCE is", "--color", term.Whens...),
		cmdline.Switch(&t.noColor, "no-color", "", "the same as --color never"),
		cmdline.Switch(&t.noProgress, "no-progress", "", "show no progress on a terminal"),
		cmdline.Switch(ignored, "version", "", "print the version").Local(),
		cmdline.Switch(ignored, "help", "h", "print help: -h the usual flags, --help everything").Local().Common(),
	}
}

func parseVerbosity(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 2 {
		return 0, errors.New("--verbose is 0, 1 or 2")
	}
	return n, nil
}

func (t *talking) colors(terminal bool) bool {
	return !t.noColor && term.Color(t.color, terminal)
}
