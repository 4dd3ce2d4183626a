package candidate

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"

	"domprobe/internal/text"
)

// ErrNoTLD is the error of a keyword without a dot if there is no TLD.
var ErrNoTLD = errors.New("no TLD given")

// Options are the parts of the names to generate.
type Options struct {
	// Keywords are combined with everything below, except for whole domains:
	// see [IsDomain]. Nil means no keywords.
	Keywords iter.Seq2[string, error]

	// TLDs may have several labels, any case, a leading dot, and A-label or
	// U-label form. Repeats are ignored. Whole domains need no TLD.
	TLDs []string

	// Prefixes and Suffixes are added to each keyword, every prefix with
	// every suffix. The keyword without them comes first. Repeats are
	// ignored.
	Prefixes, Suffixes []string

	// MinLen and MaxLen bound the first label of a name, in octets of its
	// A-label form. Zero means no bound. [Generator.Skipped] counts the
	// names that are left out.
	MinLen, MaxLen int

	// Exclude has names to leave out, which [Generator.Excluded] counts. Nil
	// means none.
	Exclude *Exclusion

	// Origin says which generator made a keyword. Nil means none.
	Origin *Origin

	// Unique promises that no two keywords make the same name, so that
	// repeats need not be looked for. It is ignored if there are prefixes or
	// suffixes, with which two keywords can make the same label.
	Unique bool
}

// An OptionError is an invalid value of an option.
type OptionError struct {
	Option string // such as "TLD", "prefix" or "length"
	Value  string
	Err    error // an [*Error] if no name can contain Value
}

func (e *OptionError) Error() string { return fmt.Sprintf("bad %s: %v", e.Option, e.Err) }

func (e *OptionError) Unwrap() error { return e.Err }

// A Generator generates candidates from keywords.
type Generator struct {
	opts               Options
	tlds               []tld
	prefixes, suffixes []affix

	unique      bool
	label       []byte // the label being put together
	plain       bool   // the label keeps its form under most TLDs
	same        form   // of a label that does
	forms       []form // of other labels, for the kinds of TLD that have come
	names       text.Slab
	valid, rest *filter

	repeated, skipped, excluded atomic.Int64
}

// New returns a Generator, or an [*OptionError].
func New(opts Options) (*Generator, error) {
	g := &Generator{opts: opts, valid: newFilter(window), rest: newFilter(window)}
	if opts.MinLen < 0 || opts.MaxLen < 0 || opts.MaxLen > 0 && opts.MinLen > opts.MaxLen {
		return nil, &OptionError{"length", fmt.Sprintf("%d-%d", opts.MinLen, opts.MaxLen),
			fmt.Errorf("no label has from %d to %d octets", opts.MinLen, opts.MaxLen)}
	}
	var err error
	if g.tlds, err = parseTLDs(opts.TLDs); err != nil {
		return nil, err
	}
	if g.prefixes, err = parseAffixes("prefix", opts.Prefixes); err != nil {
		return nil, err
	}
	if g.suffixes, err = parseAffixes("suffix", opts.Suffixes); err != nil {
		return nil, err
	}
	g.unique = opts.Unique && len(g.prefixes) == 1 && len(g.suffixes) == 1
	return g, nil
}

// TLDs returns the TLDs in A-label form, each once, in the order given.
func (g *Generator) TLDs() []string { return namesOf(g.tlds) }

// PerKeyword returns the number of names of a keyword that is not a whole domain,
// including repeats, excluded names and names of the wrong length.
func (g *Generator) PerKeyword() int { return len(g.prefixes) * len(g.suffixes) * len(g.tlds) }

// Unique reports whether [Generator.All] does not look for repeats.
func (g *Generator) Unique() bool { return g.unique }

// Repeated returns the number of names that [Generator.All] left out as repeats
// of one of the last 1<<20 different names, or of the last 64 MiB of names. It may
// be called while All runs.
func (g *Generator) Repeated() int64 { return g.repeated.Load() }

// Skipped returns the number of names that [Generator.All] left out because of
// MinLen and MaxLen. It may be called while All runs.
func (g *Generator) Skipped() int64 { return g.skipped.Load() }

// Excluded returns the number of names that [Generator.All] left out because of
// Exclude. It may be called while All runs.
func (g *Generator) Excluded() int64 { return g.excluded.Load() }

// All streams the candidates: one for each keyword, prefix, suffix and TLD. A name
// that cannot be registered is an invalid candidate. An error of the keywords, or
// [ErrNoTLD], comes once and last.
//
// All is for a single loop: in a second one every name is a repeat.
func (g *Generator) All() iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		if g.opts.Keywords == nil {
			return
		}
		for keyword, err := range g.opts.Keywords {
			if err != nil {
				yield(Candidate{}, err)
				return
			}
			f := classify(keyword)
			switch {
			case hasDot(keyword, f):
				if !g.whole(keyword, yield) {
					return
				}
			case len(g.tlds) == 0:
				yield(Candidate{}, ErrNoTLD)
				return
			default:
				if !g.multiply(keyword, f, yield) {
					return
				}
			}
		}
	}
}

func (g *Generator) whole(domain string, yield func(Candidate, error) bool) bool {
	c := Parse(domain)
	c.Generator = g.opts.Origin.name()
	label, _, _ := strings.Cut(c.Name, ".")
	if !g.within(len(label)) {
		g.skipped.Add(1)
		return true
	}
	return g.pass(c, yield)
}

func (g *Generator) multiply(keyword string, f class, yield func(Candidate, error) bool) bool {
	for i := range g.prefixes {
		for j := range g.suffixes {
			if !g.glue(keyword, f, &g.prefixes[i], &g.suffixes[j], yield) {
				return false
			}
		}
	}
	return true
}

// glue makes the candidates of one label.
func (g *Generator) glue(keyword string, f class, prefix, suffix *affix, yield func(Candidate, error) bool) bool {
	g.label = append(append(append(g.label[:0], prefix.text...), keyword...), suffix.text...)
	f |= prefix.class | suffix.class
	if f&upper != 0 {
		text.Lower(g.label)
	}
	g.forms = g.forms[:0]
	g.plain = f&(other|high) == 0 && fits(g.label)
	if (g.opts.MinLen > 0 || g.opts.MaxLen > 0) && !g.within(len(g.form(leftToRight).name)) {
		g.skipped.Add(int64(len(g.tlds)))
		return true
	}
	for i := range g.tlds {
		c := Candidate{Keyword: keyword, Prefix: prefix.text, Suffix: suffix.text, Generator: g.opts.Origin.name()}
		g.complete(&c, &g.tlds[i])
		if g.plain && f&upper == 0 {
			// As a part of the name it does not keep the memory of its
			// source.
			c.Keyword = c.Name[len(prefix.text):][:len(keyword)]
		}
		if !g.pass(c, yield) {
			return false
		}
	}
	return true
}

// complete sets the name of a candidate: the label under a TLD.
func (g *Generator) complete(c *Candidate, t *tld) {
	f := g.form(t.kind)
	c.TLD = t.name
	c.Name = g.names.Join(f.name, t.dotted)
	switch {
	case f.err != nil:
		c.Err = f.err
	case len(c.Name) > maxName:
		c.Err = checkName(c.Name)
		c.Name = g.names.Join(g.label, t.dotted)
	default:
		c.Err = t.check(c.Name)
		if f.idn || t.idn {
			c.Unicode = g.names.Join(f.unicode, t.unicode)
		}
	}
}

// form returns the form of the label below a kind of TLD.
func (g *Generator) form(k kind) *form {
	if g.plain && k != rightToLeft {
		g.same.name, g.same.unicode = g.label, g.label
		return &g.same
	}
	for i := range g.forms {
		if g.forms[i].kind == k {
			return &g.forms[i]
		}
	}
	g.forms = append(g.forms, formOf(g.label, k))
	return &g.forms[len(g.forms)-1]
}

// pass yields the candidate unless it is excluded or a repeat. A name can be
// valid under one TLD and invalid as a whole domain (foo.bar.com); these are not
// repeats of one another.
func (g *Generator) pass(c Candidate, yield func(Candidate, error) bool) bool {
	if g.opts.Exclude != nil && g.opts.Exclude.Has(&c) {
		g.excluded.Add(1)
		return true
	}
	f := g.valid
	if c.Err != nil {
		f = g.rest
	}
	if !g.unique && f.seen(c.Name) {
		g.repeated.Add(1)
		return true
	}
	return yield(c, nil)
}

func (g *Generator) within(n int) bool {
	return n >= g.opts.MinLen && (g.opts.MaxLen == 0 || n <= g.opts.MaxLen)
}
