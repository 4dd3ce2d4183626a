package cmdline

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// These errors of Parse say that help or the version was asked for.
var (
	ErrHelp     = errors.New("help requested")
	ErrFullHelp = errors.New("full help requested")
	ErrVersion  = errors.New("version requested")
)

// Args are the arguments of a command without its options.
type Args struct {
	Words   []string
	Literal int // so many words, at the end, come after "--"
}

// Parse sets the options of a command from its arguments, the environment and
// files, in falling precedence.
//
// urfave/cli decides whether an argument or the environment sets an option. It gets
// one argument for each option, because it stops at the first that is none. It hands
// every value over as text, because its errors about values are sentences that a
// program cannot take apart.
func (c *Command) Parse(args []string) (Args, error) {
	given, rest, err := c.split(args)
	if err != nil {
		return rest, err
	}
	var files [][]Setting
	if c.Files != nil {
		if files, err = c.Files(); err != nil {
			return rest, err
		}
	}
	app := &cli.App{
		Name: Program, Writer: io.Discard, ErrWriter: io.Discard, HideHelp: true, HideVersion: true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		Action: func(ctx *cli.Context) error {
			c.choose(func(o *Option) ([]string, bool) {
				argument := slices.ContainsFunc(given, func(arg string) bool { return strings.HasPrefix(arg, "--"+o.Name+"=") })
				return ctx.StringSlice(o.Name), argument
			}, files)
			for _, o := range c.Options {
				if err := o.take(c.Expand); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for _, o := range c.Options {
		f := &cli.StringSliceFlag{Name: o.Name, KeepSpace: true}
		if v := o.Variable(); v != "" {
			f.EnvVars = []string{v}
		}
		app.Flags = append(app.Flags, f)
	}
	return rest, app.Run(append([]string{app.Name}, given...))
}

// split tells options from the other arguments, which may come in any order. It
// returns every option as one argument, --name=value. A single "-" is no
// option, and nothing after "--" is.
func (c *Command) split(args []string) (given []string, rest Args, err error) {
	repeats := make(map[*Option]int)
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			rest.Words = append(rest.Words, args...)
			rest.Literal = len(args)
			break
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			rest.Words = append(rest.Words, arg)
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		o := c.option(name)
		if o == nil {
			var more string
			if o, more = c.letters(arg); o == nil || c.meansLong(arg) {
				return nil, rest, c.unknownOption(arg)
			}
			if strings.HasPrefix(more, "-") { // other letters
				args = append([]string{more}, args...)
				more = ""
			}
			value, hasValue = more, more != ""
		}
		switch {
		case o.Name == "help" && arg == "--help":
			return nil, rest, ErrFullHelp
		case o.Name == "help":
			return nil, rest, ErrHelp
		case o.Name == "version":
			return nil, rest, ErrVersion
		case o.counts && !hasValue:
			repeats[o]++
			value = strconv.Itoa(repeats[o])
		case o.arg == "" && !hasValue:
			value = "true"
		case !hasValue && len(args) == 0:
			return nil, rest, Usage("", "flag %s needs a value", arg)
		case !hasValue:
			value, args = args[0], args[1:]
		}
		given = append(given, "--"+o.Name+"="+value)
	}
	return given, rest, nil
}

// letters takes the first letter off an argument of letters. The rest is the
// value of that option, or other letters with a hyphen before them: -tdev is -t
// and dev, -qv is -q and -v.
func (c *Command) letters(arg string) (o *Option, rest string) {
	if strings.HasPrefix(arg, "--") || len(arg) < 2 {
		return nil, ""
	}
	o, rest = c.option(arg[1:2]), arg[2:]
	switch {
	case o == nil:
	case o.arg != "" && !o.counts:
		return o, rest
	case strings.HasPrefix(rest, "-"), strings.HasPrefix(rest, "="):
		return nil, ""
	}
	return o, "-" + rest
}
