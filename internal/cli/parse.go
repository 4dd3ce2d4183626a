package cli

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// These errors say that help or the version was asked for.
var (
	errHelp     = errors.New("help requested")
	errFullHelp = errors.New("full help requested")
	errVersion  = errors.New("version requested")
)

// parse fills the settings of a command from its arguments and the environment.
//
// urfave/cli decides which of them sets an option: an argument takes precedence
// over the environment. It gets one argument for each option, because it stops
// at the first that is none, and hands every value over as text, because its
// errors about values are sentences that a program cannot take apart.
func (inv *invocation) parse(cmd *command, args []string) error {
	given, err := inv.split(cmd.options, args)
	if err != nil {
		return err
	}
	app := &cli.App{
		Name: "domprobe", Writer: io.Discard, ErrWriter: io.Discard, HideHelp: true, HideVersion: true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		Action: func(c *cli.Context) error {
			for _, o := range cmd.options {
				if err := o.take(c.StringSlice(o.name), given); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for _, o := range cmd.options {
		f := &cli.StringSliceFlag{Name: o.name, KeepSpace: true}
		if v := o.variable(); v != "" {
			f.EnvVars = []string{v}
		}
		app.Flags = append(app.Flags, f)
	}
	return app.Run(append([]string{app.Name}, given...))
}

// take sets the option to values, which are of the environment unless the
// option is among the given arguments.
func (o *option) take(values, given []string) error {
	argument := slices.ContainsFunc(given, func(arg string) bool { return strings.HasPrefix(arg, "--"+o.name+"=") })
	for _, value := range values {
		if value == "" && !argument {
			continue
		}
		err := o.set(value)
		var bad *exitError
		if errors.As(err, &bad) && !argument {
			return usageError("", "the environment variable %s cannot be %q", o.variable(), value)
		}
		if err != nil {
			return err
		}
		o.isSet = true
	}
	return nil
}

// split tells options from the other arguments, which may come in any order. It
// returns every option as one argument, --name=value, and keeps the others in
// inv. A single "-" is no option, and nothing after "--" is.
func (inv *invocation) split(known []*option, args []string) (given []string, err error) {
	byName := make(map[string]*option)
	for _, o := range known {
		byName[o.name] = o
		if o.letter != "" {
			byName[o.letter] = o
		}
	}
	repeats := make(map[*option]int)
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			inv.args = append(inv.args, args...)
			inv.literal = len(args)
			break
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			inv.args = append(inv.args, arg)
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		o := byName[name]
		if o == nil {
			first, rest := lettersOf(byName, arg)
			if first == "" || meansLong(known, arg) {
				return nil, unknownOption(known, arg)
			}
			if strings.HasPrefix(rest, "-") { // more letters
				args = append([]string{rest}, args...)
				rest = ""
			}
			o, value, hasValue = byName[first], rest, rest != ""
		}
		switch {
		case o.name == "help" && arg == "--help":
			return nil, errFullHelp
		case o.name == "help":
			return nil, errHelp
		case o.name == "version":
			return nil, errVersion
		case o.counts && !hasValue:
			repeats[o]++
			value = strconv.Itoa(repeats[o])
		case o.arg == "" && !hasValue:
			value = "true"
		case !hasValue && len(args) == 0:
			return nil, usageError("", "flag %s needs a value", arg)
		case !hasValue:
			value, args = args[0], args[1:]
		}
		given = append(given, "--"+o.name+"="+value)
	}
	return given, nil
}

// lettersOf takes the first letter off an argument of letters. The rest is the
// value of that option, or other letters with a hyphen before them: -tdev is -t
// and dev, -qv is -q and -v.
func lettersOf(byName map[string]*option, arg string) (first, rest string) {
	if strings.HasPrefix(arg, "--") || len(arg) < 2 {
		return "", ""
	}
	switch o := byName[arg[1:2]]; {
	case o == nil:
		return "", ""
	case o.arg != "" && !o.counts:
		return arg[1:2], arg[2:]
	}
	if strings.HasPrefix(arg[2:], "-") || strings.HasPrefix(arg[2:], "=") {
		return "", ""
	}
	return arg[1:2], "-" + arg[2:]
}
