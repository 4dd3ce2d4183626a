package cli

import (
	"fmt"
	"iter"
	"math/big"
	"strings"

	"domprobe/candidate"
	"domprobe/candidate/pattern"
	"domprobe/internal/cmdline"
)

// A forming is the settings of keywords that are made by their form, and of names
// that are left out by it.
type forming struct {
	makers    candidate.Makers
	blend     bool
	syllables int
	exclude   []string
}

func (f *forming) options() []*cmdline.Option {
	return []*cmdline.Option{
		cmdline.Number(&f.syllables, "syllables", "", "add pronounceable keywords of `N` syllables, 1 to 6: zindar, plovee", 1, pattern.MaxSyllables),
		cmdline.Switch(&f.blend, "blend", "", "add the portmanteaus of the keywords, each with each: netiquette for net and etiquette").Common(),
		cmdline.Switch(&f.makers.Endings, "endings", "", "add each keyword with the endings of brand names: -ly, -ify, -io, ..., flickr for flicker").Common(),
		cmdline.Switch(&f.makers.Typos, "typos", "", "add what a slip makes of each keyword or domain: a letter too many, too few, or wrong, one that looks alike, ..."),
		cmdline.Switch(&f.makers.Hacks, "hacks", "", "add the domains that spell a keyword across a dot: delicio.us for delicious"),
		cmdline.List(&f.exclude, "exclude", "", "leave out these `WORDS`, or those in @FILE; * is any characters, ? is one: '*bank*', and 'x?.io' a domain"),
	}
}

// blended adds the portmanteaus of the keywords of all sources.
func (f *forming) blended(in *input) error {
	switch {
	case !f.blend:
		return nil
	case len(in.sources) == 0:
		return cmdline.Usage("", "--blend needs keywords; those of a pattern do not count")
	}
	b := source{generator: "blend"}
	if again := in.again(); again != nil {
		b.keywords = ofAll(func() ([]string, error) { return collect(again) }, candidate.Blend)
		b.again = b.keywords
		b.count = func() amount { return counted(b.again) }
	} else {
		var words []string
		for i := range in.sources {
			in.sources[i].keywords = remembered(in.sources[i].keywords, &words)
		}
		b.keywords = func(yield func(string, error) bool) { candidate.Blend(words)(yield) }
	}
	in.sources = append(in.sources, b)
	return nil
}

// exclusion returns the names to leave out, and nil if there are none.
func (f *forming) exclusion(inv *invocation) (*candidate.Exclusion, error) {
	if len(f.exclude) == 0 {
		return nil, nil
	}
	var words []string
	for _, word := range f.exclude {
		path, isFile := strings.CutPrefix(word, "@")
		if !isFile {
			words = append(words, word)
			continue
		}
		name, r, err := inv.open(path)
		if err != nil {
			return nil, err
		}
		lines, err := collect(named(name, candidate.Lines(r)))
		if err == nil {
			_, err = candidate.NewExclusion(lines)
		}
		if err != nil {
			return nil, fmt.Errorf("--exclude %s: %w", word, err)
		}
		words = append(words, lines...)
	}
	return candidate.NewExclusion(words)
}

// amount returns how many keywords there are, with what is made of them.
func (s *selection) amount() amount {
	if !s.makers.Any() {
		return s.in.amount()
	}
	if again := s.in.again(); again != nil {
		if a := counted(s.makers.Apply(again, &s.in.origin, len(s.opts.TLDs) > 0)); a.exact {
			return a
		}
	}
	a := s.in.amount()
	a.exact = false
	return a
}

// counted counts keywords one by one, and not all of them if they are many.
func counted(keywords iter.Seq2[string, error]) amount {
	a := amount{exact: true}
	n := 0
	for keyword, err := range keywords {
		if n++; n > maxTold {
			a.exact = false
			break
		}
		a.add(keyword, err)
	}
	return a
}

var one = big.NewInt(1)

// add counts a keyword.
func (a *amount) add(keyword string, err error) {
	switch {
	case err != nil: // it ends the run when it gets there
	case candidate.IsDomain(keyword):
		a.domains.Add(&a.domains, one)
	default:
		a.words.Add(&a.words, one)
	}
}
