package cmdline

import (
	"errors"
	"strings"
)

// A Setting is what a file says about an option.
type Setting struct {
	Option string // its name
	Values []string
	From   string // the file and line
}

// A Source is where the value of an option comes from.
type Source struct {
	Text   string // the argument's name, the variable, or the file and line; empty for the default
	Values []string
	kind   sourceKind
}

// A sourceKind is a kind of place for a value; a higher one takes precedence.
type sourceKind int

const (
	fromDefault sourceKind = iota
	fromFile
	fromVariable
	fromArgument
)

// Source returns where the value of the option comes from. Its values are as
// they were written.
func (o *Option) Source() Source { return o.source }

// Instead says that a value of the option takes the place of the values of
// others, if these stand in a file and the value is an argument, in the
// environment, or in a file that takes precedence.
func (o *Option) Instead(others ...string) *Option { o.instead = others; return o }

// Secret keeps the value out of what is printed about settings.
func (o *Option) Secret() *Option { o.secret = true; return o }

// IsSecret reports whether the value of the option is a secret.
func (o *Option) IsSecret() bool { return o.secret }

// Default returns the default as help has it, and nothing if it has none.
func (o *Option) Default() string { return o.initial }

// Placeholder returns the name of the option's value; it is empty for a switch.
func (o *Option) Placeholder() string { return o.arg }

// Usage returns the sentence about the option.
func (o *Option) Usage() string { return o.usage }

// Answers reports whether the option asks for an answer in place of a run, and
// so is no setting.
func (o *Option) Answers() bool { return o.Name == "help" || o.Name == "version" }

// Several reports whether the option takes more than one value.
func (o *Option) Several() bool { return !o.single && o.arg != "" }

// Check returns the error of a setting of the command.
func (c *Command) Check(s Setting) error {
	o := c.option(s.Option)
	if o == nil {
		return c.unknownOption("--" + s.Option)
	}
	o.source = Source{s.From, s.Values, fromFile}
	return o.take(c.Expand)
}

// choose finds the source of every option: the arguments, the environment, and
// files in rising precedence. values are those of arguments or the environment.
func (c *Command) choose(values func(*Option) (values []string, argument bool), files [][]Setting) {
	for _, file := range files {
		for _, s := range file {
			if o := c.option(s.Option); o != nil {
				c.drop(o.instead)
			}
		}
		for _, s := range file {
			if o := c.option(s.Option); o != nil {
				o.source = Source{s.From, s.Values, fromFile}
			}
		}
	}
	for _, o := range c.Options {
		switch given, argument := values(o); {
		case argument:
			o.source = Source{"--" + o.Name, given, fromArgument}
		case strings.Join(given, "") != "":
			o.source = Source{o.Variable(), given, fromVariable}
		default:
			continue
		}
		c.drop(o.instead)
	}
}

// drop takes the values of files from options.
func (c *Command) drop(names []string) {
	for _, name := range names {
		if o := c.option(name); o != nil && o.source.kind == fromFile {
			o.source = Source{}
		}
	}
}

// take sets the option to the values of its source. expand returns the values
// that a value stands for.
func (o *Option) take(expand func(o *Option, value string) []string) error {
	s := o.source
	if s.kind == fromFile && o.single && len(s.Values) != 1 {
		return Usage("", "%s: %s takes one value", s.Text, o.Name)
	}
	for _, value := range s.Values {
		values := []string{value}
		if expand != nil {
			values = expand(o, value)
		}
		for _, v := range values {
			if err := o.set(v); err != nil {
				return s.failure(value, err)
			}
		}
	}
	return nil
}

// failure is the error of a value that cannot be.
func (s Source) failure(value string, err error) error {
	usage, ok := errors.AsType[*UsageError](err)
	switch {
	case s.kind == fromVariable && ok:
		return Usage(usage.Hint, "the environment variable %s cannot be %q", s.Text, value)
	case s.kind == fromVariable:
		return Usage("", "the environment variable %s cannot be %q", s.Text, value)
	case s.kind == fromFile && ok:
		return Usage(usage.Hint, "%s: %w", s.Text, usage.Err)
	case s.kind == fromFile:
		return Usage("", "%s: %w", s.Text, err)
	case ok:
		return err
	}
	return Usage("", "%w", err)
}
