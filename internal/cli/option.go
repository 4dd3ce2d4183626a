package cli

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"domprobe/probe"
)

// An option is a flag of a command, bound to a field of the command's settings.
// Help, manual page, reference and completion are written from its fields.
type option struct {
	name, letter string
	arg          string   // what the value is called; empty for a switch
	usage        string   // one sentence without a full stop
	initial      string   // the default, if it is worth a mention
	common       bool     // it is in the short help
	own          bool     // it means something else in other commands, so it has no environment variable
	values       []string // offered by completion
	several      bool     // a value may be a list with commas
	counts       bool     // it may be repeated for more: -vv

	set   func(value string) error // takes one value
	isSet bool
}

// variable returns the environment variable that sets the option, or nothing.
func (o *option) variable() string {
	if o.own {
		return ""
	}
	return "DOMPROBE_" + strings.ToUpper(strings.ReplaceAll(o.name, "-", "_"))
}

// inShort puts the option into the short help.
func (o *option) inShort() *option { o.common = true; return o }

// local takes away the environment variable of an option that means something
// else in other commands.
func (o *option) local() *option { o.own = true; return o }

// offering has completion offer values.
func (o *option) offering(values ...string) *option { o.values = values; return o }

// newOption returns an option whose value is named between backquotes in usage.
func newOption(name, letter, usage, initial string, set func(string) error) *option {
	o := &option{name: name, letter: letter, initial: initial, set: set}
	before, rest, _ := strings.Cut(usage, "`")
	arg, after, _ := strings.Cut(rest, "`")
	o.arg, o.usage = arg, before+arg+after
	return o
}

// list collects values that are separated by commas or given repeatedly.
func list(p *[]string, name, letter, usage string) *option {
	o := newOption(name, letter, usage, "", func(s string) error {
		for item := range strings.SplitSeq(s, ",") {
			*p = append(*p, strings.TrimSpace(item))
		}
		return nil
	})
	o.several = true
	return o
}

// repeated collects values as they are.
func repeated(p *[]string, name, letter, usage string) *option {
	return newOption(name, letter, usage, "", func(s string) error {
		*p = append(*p, s)
		return nil
	})
}

func text(p *string, name, letter, usage string) *option {
	return newOption(name, letter, usage, *p, func(s string) error {
		*p = s
		return nil
	})
}

// number is a whole number from low to high.
func number(p *int, name, letter, usage string, low, high int) *option {
	initial := ""
	if *p != 0 {
		initial = strconv.Itoa(*p)
	}
	return newOption(name, letter, usage, initial, func(s string) error {
		n, err := strconv.Atoi(s)
		switch {
		case err != nil:
			return usageError("", "--%s cannot be %q", name, s)
		case n < low && high == math.MaxInt:
			return usageError("", "--%s %d is not at least %d", name, n, low)
		case n < low || n > high:
			return usageError("", "--%s %d is not from %d to %d", name, n, low, high)
		}
		*p = n
		return nil
	})
}

// toggle is on or off. Without a value it is on.
func toggle(p *bool, name, letter, usage string) *option {
	return newOption(name, letter, usage, "", func(s string) error {
		on, err := strconv.ParseBool(s)
		if err != nil {
			return usageError("try true or false", "--%s cannot be %q", name, s)
		}
		*p = on
		return nil
	})
}

// oneOf is one of a closed list of values, the first of which is the default.
// noun is what a value is, as in unknown format.
func oneOf(p *string, name, letter, usage, noun string, values ...string) *option {
	*p = values[0]
	return newOption(name, letter, usage+": "+strings.Join(values, ", "), values[0], func(s string) error {
		if !slices.Contains(values, s) {
			return unknownWord(noun, s, values)
		}
		*p = s
		return nil
	}).offering(values...)
}

// A verdictSet is the verdicts of --only or --expect; nil means all.
type verdictSet map[probe.Verdict]bool

// verdictWords returns the verdicts in the order of the documentation.
func verdictWords() (words []string) {
	for _, v := range probe.Verdicts() {
		words = append(words, v.String())
	}
	return words
}

func verdicts(p *verdictSet, name, usage string) *option {
	o := newOption(name, "", usage+": "+strings.Join(verdictWords(), ", "), "", func(s string) error {
		for word := range strings.SplitSeq(s, ",") {
			v, err := probe.ParseVerdict(strings.TrimSpace(word))
			if err != nil {
				return unknownWord("verdict", word, verdictWords())
			}
			if *p == nil {
				*p = make(verdictSet)
			}
			(*p)[v] = true
		}
		return nil
	}).offering(verdictWords()...)
	o.several = true
	return o
}

// tableFormat is the option of a command that prints something else than rows.
func tableFormat(p *string, formats ...string) *option {
	return oneOf(p, "format", "f", "print in this `FORMAT`", "format", formats...).local()
}
