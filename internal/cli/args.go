package cli

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// errVersion says that the version was asked for, as flag.ErrHelp does for help.
var errVersion = errors.New("version requested")

// splitArgs tells flags from the other arguments, which may come in any order.
// Each flag is returned as one argument, --name=value. A single "-" is no
// flag, and nothing after "--" is. Only flags that the command has are let
// through. When help or the version is asked for, the error says so.
func splitArgs(known []cli.Flag, args []string) (flags, rest []string, err error) {
	byName := make(map[string]cli.Flag)
	for _, f := range known {
		for _, name := range f.Names() {
			byName[name] = f
		}
	}
	verbosity := 0
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			rest = append(rest, args...)
			break
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			rest = append(rest, arg)
			continue
		}
		if names, ok := shortSwitches(byName, arg); ok {
			args = append(names, args...)
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		f, ok := byName[name]
		switch {
		case !ok:
			return nil, nil, unknownFlag(known, byName, arg)
		case f == helpFlag:
			return nil, nil, flag.ErrHelp
		case f == versionFlag:
			return nil, nil, errVersion
		case f.Names()[0] == verboseFlag && !hasValue:
			verbosity++
			value = fmt.Sprint(verbosity)
		case takesValue(f) && !hasValue:
			if len(args) == 0 {
				return nil, nil, usageError("", "flag %s needs a value", arg)
			}
			value, args = args[0], args[1:]
		case !hasValue:
			value = "true"
		}
		flags = append(flags, "--"+f.Names()[0]+"="+value)
	}
	return flags, rest, nil
}

// shortSwitches takes several one-letter flags without values apart: -vv, -qv.
func shortSwitches(byName map[string]cli.Flag, arg string) ([]string, bool) {
	letters := arg[1:]
	if len(letters) < 2 || byName[letters] != nil {
		return nil, false
	}
	var names []string
	for _, letter := range letters {
		f := byName[string(letter)]
		if f == nil || takesValue(f) && f.Names()[0] != verboseFlag {
			return nil, false
		}
		names = append(names, "-"+string(letter))
	}
	return names, true
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

func unknownFlag(known []cli.Flag, byName map[string]cli.Flag, arg string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	if name == "" {
		return usageError("", "unknown flag %s", arg)
	}
	// -tdev: the value of a one-letter flag stands apart.
	if f := byName[name[:1]]; f != nil && takesValue(f) && !strings.HasPrefix(arg, "--") {
		return usageError(fmt.Sprintf("did you mean -%s %s?", name[:1], name[1:]), "unknown flag %s", arg)
	}
	// Only names as long as a typing mistake suggests: for --tdl neither -t nor
	// --tld-file.
	var near []cli.Flag
	for _, f := range known {
		if long := f.Names()[0]; len(long) >= len(name)-2 && len(long) <= len(name)+2 {
			near = append(near, &cli.BoolFlag{Name: long})
		}
	}
	if meant := cli.SuggestFlag(near, name, true); meant != "" {
		return usageError(fmt.Sprintf("did you mean %s? Keywords that begin with - come after --", meant), "unknown flag %s", arg)
	}
	return usageError("keywords that begin with - come after --", "unknown flag %s", arg)
}
