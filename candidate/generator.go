package candidate

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
)

// ErrNoTLD is yielded, once and last, for a keyword without a dot when no TLD
// was given.
var ErrNoTLD = errors.New("no TLD given")

// Options say which candidates to generate.
type Options struct {
	// Keywords are what is multiplied. A keyword with a dot, or with one of
	// the characters that UTS 46 maps to a dot, is a whole domain and is
	// not multiplied. Nil means none.
	Keywords iter.Seq2[string, error]

	// TLDs are what keywords are put under, as typed: with or without a
	// leading dot, in any case, in A-label or U-label form, of one label or
	// more. Repeats are folded. None will do for whole domains.
	TLDs []string

	// Prefixes and Suffixes are glued to each keyword, every prefix with
	// every suffix. The keyword without a prefix and without a suffix comes
	// first; empty ones and repeats are folded.
	Prefixes, Suffixes []string

	// MinLen and MaxLen bound the first label of a name, in octets of its
	// A-label form. Zero means no bound. Names outside are not generated,
	// and counted by [Generator.Skipped].
	MinLen, MaxLen int

	// Origin says which generator made a keyword. Nil means none.
	Origin *Origin

	// Unique promises that no two keywords make the same name, which saves
	// the search for repeats and its memory. With prefixes or suffixes it
	// is not believed: they can make the same label of two keywords.
	Unique bool
}

// An OptionError says which value of which option [New] rejected.
type OptionError struct {
	Option string // "TLD", "prefix", "suffix", "length"
	Value  string
	Err    error // an [*Error], if Value is not fit for a name
}

func (e *OptionError) Error() string { return fmt.Sprintf("bad %s: %v", e.Option, e.Err) }

func (e *OptionError) Unwrap() error { return e.Err }

// A Generator makes candidates of keywords.
type Generator struct {
	opts               Options
	tlds               []tld
	prefixes, suffixes []affix

	unique      bool
	label       []byte // the label being put together
	names       slab
	valid, rest *filter

	repeated, skipped atomic.Int64
}

// New checks the options and returns a Generator. An error is an
// [*OptionError].
func New(opts Options) (*Generator, error) {
	g := &Generator{opts: opts}
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
func (g *Generator) TLDs() []string {
	names := make([]string, len(g.tlds))
	for i, t := range g.tlds {
		names[i] = t.name
	}
	return names
}

// PerKeyword returns how many names a keyword makes that is not a whole domain,
// repeats and those of a wrong length included.
func (g *Generator) PerKeyword() int { return len(g.prefixes) * len(g.suffixes) * len(g.tlds) }

// Unique reports whether All need not look for repeats.
func (g *Generator) Unique() bool { return g.unique }

// Repeated returns how many names All left out because one of the last 1<<20
// different names, or of the last 64 MiB of names, was the same. It may be
// called while All runs.
func (g *Generator) Repeated() int64 { return g.repeated.Load() }

// Skipped returns how many names All left out because of MinLen and MaxLen. It
// may be called while All runs.
func (g *Generator) Skipped() int64 { return g.skipped.Load() }

// All streams the candidates: for each keyword, for each prefix, for each
// suffix, for each TLD one. A name that cannot be registered is an invalid
// candidate. An error of the keywords, or [ErrNoTLD], comes once and last.
//
// All is for one loop: a second one takes the names of the first for repeats.
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

// glue makes the candidates of one label. A label of plain characters that is
// valid as it stands is put before each TLD and is done; any other goes
// through normalize.
func (g *Generator) glue(keyword string, f class, prefix, suffix *affix, yield func(Candidate, error) bool) bool {
	g.label = append(g.label[:0], prefix.text...)
	g.label = append(g.label, keyword...)
	g.label = append(g.label, suffix.text...)
	f |= prefix.class | suffix.class
	if f&upper != 0 {
		lower(g.label)
	}
	ready := f&(other|high) == 0 && fits(g.label)
	if g.bounded() && !g.within(g.labelSize(ready)) {
		g.skipped.Add(int64(len(g.tlds)))
		return true
	}
	for i := range g.tlds {
		t := &g.tlds[i]
		c := Candidate{Keyword: keyword, TLD: t.name, Prefix: prefix.text, Suffix: suffix.text, Generator: g.opts.Origin.name()}
		if ready && !t.bidi && len(g.label)+len(t.dotted) <= maxName {
			c.Name = g.names.join(g.label, t.dotted)
			if t.unicode != "" {
				c.Unicode = g.names.join(g.label, t.unicode)
			}
			if f&upper == 0 {
				// A part of the name, so that the source's memory can go.
				c.Keyword = c.Name[len(prefix.text):][:len(keyword)]
			}
			c.Err = t.check(c.Name)
		} else {
			c.Name, c.Unicode, c.Err = t.normalize(string(g.label))
		}
		if !g.pass(c, yield) {
			return false
		}
	}
	return true
}

// pass yields the candidate unless it is a repeat. A name can be valid under
// one TLD and invalid as a whole domain (foo.github.io); these are not repeats
// of one another.
func (g *Generator) pass(c Candidate, yield func(Candidate, error) bool) bool {
	if g.unique {
		return yield(c, nil)
	}
	f := &g.valid
	if c.Err != nil {
		f = &g.rest
	}
	if *f == nil {
		*f = newFilter(window)
	}
	if (*f).seen(c.Name) {
		g.repeated.Add(1)
		return true
	}
	return yield(c, nil)
}

func (g *Generator) bounded() bool { return g.opts.MinLen > 0 || g.opts.MaxLen > 0 }

func (g *Generator) within(n int) bool {
	return n >= g.opts.MinLen && (g.opts.MaxLen == 0 || n <= g.opts.MaxLen)
}

// labelSize returns the octets of the label's A-label form, or of what was
// typed if it has none.
func (g *Generator) labelSize(ready bool) int {
	if !ready {
		if name, _, err := normalize(string(g.label)); err == nil {
			return len(name)
		}
	}
	return len(g.label)
}

func lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}
