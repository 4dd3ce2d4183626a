package cmdline

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// An Option is a flag of a command, bound to a variable.
type Option struct {
	Name    string
	letter  string
	arg     string   // what the value is called; empty for a switch
	usage   string   // one sentence without a full stop
	initial string   // the default, if it is worth a mention
	common  bool     // it is in the short help
	local   bool     // it means something else in other commands, so it has no environment variable
	values  []string // offered by completion
	several bool     // a value may be a list with commas
	counts  bool     // it may be repeated for more: -vv
	single  bool     // of several values only the last would count
	secret  bool     // its value is not printed
	instead []string // options whose values in files it replaces

	source Source

	set func(value string) error
}

// Variable returns the environment variable that sets the option, or nothing.
func (o *Option) Variable() string {
	if o.local {
		return ""
	}
	return prefix + strings.ToUpper(strings.ReplaceAll(o.Name, "-", "_"))
}

// Common puts the option into the short help.
func (o *Option) Common() *Option { o.common = true; return o }

// Local takes away the environment variable of an option that means something
// else in other commands.
func (o *Option) Local() *Option { o.local = true; return o }

// Offer has completion offer values.
func (o *Option) Offer(values ...string) *Option { o.values = values; return o }

// Counting lets the option be repeated for a higher value: -vv is 2.
func (o *Option) Counting() *Option { o.counts = true; return o }

// Func is an option whose values go to set. The value is named between
// backquotes in usage; without that the option is a switch, whose values are
// true and false. An error of set is a [UsageError] of [Command.Parse].
func Func(name, letter, usage, initial string, set func(string) error) *Option {
	o := &Option{Name: name, letter: letter, initial: initial, set: set}
	before, rest, _ := strings.Cut(usage, "`")
	arg, after, _ := strings.Cut(rest, "`")
	o.arg, o.usage = arg, before+arg+after
	return o
}

// Parsed is a value that parse understands. initial is the default, as it is
// written.
func Parsed[T any](p *T, name, letter, usage, initial string, parse func(string) (T, error)) *Option {
	o := Func(name, letter, usage, initial, func(s string) (err error) {
		*p, err = parse(s)
		return err
	})
	o.single = true
	return o
}

// Optional is a value that parse understands, and nil if the option is not
// given.
func Optional[T any](p **T, name, letter, usage, initial string, parse func(string) (T, error)) *Option {
	return Parsed(p, name, letter, usage, initial, func(s string) (*T, error) {
		v, err := parse(s)
		return &v, err
	})
}

// Items is an option whose values are lists with commas; set gets each item.
func Items(name, letter, usage string, set func(string) error) *Option {
	o := Func(name, letter, usage, "", func(s string) error {
		for item := range strings.SplitSeq(s, ",") {
			if err := set(strings.TrimSpace(item)); err != nil {
				return err
			}
		}
		return nil
	})
	o.several = true
	return o
}

// Choices are values of a closed list, separated by commas or given repeatedly;
// set gets each. noun is what a value is, as in unknown format.
func Choices(name, usage, noun string, values []string, set func(string) error) *Option {
	return Items(name, "", usage, func(s string) error {
		if !slices.Contains(values, s) {
			return Unknown(noun, s, values)
		}
		return set(s)
	}).Offer(values...)
}

// List collects values that are separated by commas or given repeatedly.
func List(p *[]string, name, letter, usage string) *Option {
	return Items(name, letter, usage, appending(p))
}

// Repeated collects values as they are.
func Repeated(p *[]string, name, letter, usage string) *Option {
	return Func(name, letter, usage, "", appending(p))
}

func appending(p *[]string) func(string) error {
	return func(s string) error {
		*p = append(*p, s)
		return nil
	}
}

// Text is any value. What p holds is the default.
func Text(p *string, name, letter, usage string) *Option {
	return Parsed(p, name, letter, usage, *p, func(s string) (string, error) { return s, nil })
}

// Number is a whole number from low to high. What p holds is the default.
func Number(p *int, name, letter, usage string, low, high int) *Option {
	initial := ""
	if *p != 0 {
		initial = strconv.Itoa(*p)
	}
	return Parsed(p, name, letter, usage, initial, func(s string) (int, error) { return ParseNumber(name, s, low, high) })
}

// ParseNumber returns the value of the option name: a whole number from low to high.
func ParseNumber(name, s string, low, high int) (int, error) {
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		err = fmt.Errorf("--%s cannot be %q", name, s)
	case n < low && high == math.MaxInt:
		err = fmt.Errorf("--%s %d is not at least %d", name, n, low)
	case n < low || n > high:
		err = fmt.Errorf("--%s %d is not from %d to %d", name, n, low, high)
	}
	return n, err
}

// Switch is on or off. Without a value it is on.
func Switch(p *bool, name, letter, usage string) *Option {
	return Parsed(p, name, letter, usage, "", parseSwitch(name))
}

// OptionalSwitch is a switch, and nil if it is not given.
func OptionalSwitch(p **bool, name, letter, usage string) *Option {
	return Optional(p, name, letter, usage, "", parseSwitch(name))
}

func parseSwitch(name string) func(string) (bool, error) {
	return func(s string) (bool, error) {
		on, err := strconv.ParseBool(s)
		if err != nil {
			err = Usage("try true or false", "--%s cannot be %q", name, s)
		}
		return on, err
	}
}

// OneOf is one of a closed list of values. What p holds is the default. noun is
// what a value is, as in unknown format.
func OneOf(p *string, name, letter, usage, noun string, values ...string) *Option {
	return Parsed(p, name, letter, usage+": "+strings.Join(values, ", "), *p, func(s string) (string, error) {
		if !slices.Contains(values, s) {
			return "", Unknown(noun, s, values)
		}
		return s, nil
	}).Offer(values...)
}

// Spelling returns the names of an option and its value: -t, --tld TLD.
func (o *Option) Spelling() string {
	s := "--" + o.Name
	if o.letter != "" {
		s = "-" + o.letter + ", " + s
	}
	if o.arg != "" {
		s += " " + o.arg
	}
	return s
}

// Text returns the usage with the default in parentheses.
func (o *Option) Text() string {
	if o.initial == "" {
		return o.usage
	}
	return o.usage + " (" + o.initial + ")"
}
