package candidate

import "iter"

// Makers are the generators that make more of each keyword.
type Makers struct{ Endings, Typos, Hacks bool }

// Any reports whether one of the generators is on.
func (m Makers) Any() bool { return m != Makers{} }

// Apply streams keywords with what the generators make of them, each after its keyword:
// [Typos] of what [Endings] has passed on and made, and [Hacks] of both. Hacks need no
// TLD: without TLDs they stand alone.
func (m Makers) Apply(keywords iter.Seq2[string, error], origin *Origin, tlds bool) iter.Seq2[string, error] {
	if m.Endings {
		keywords = origin.multiply(keywords, "endings", Endings, true)
	}
	if m.Typos {
		keywords = origin.multiply(keywords, "typos", Typos, true)
	}
	if m.Hacks {
		keywords = origin.multiply(keywords, "hacks", Hacks, tlds)
	}
	return keywords
}

// multiply streams keywords with what make makes of them. Without keep it drops the
// keywords that need a TLD.
func (o *Origin) multiply(
	keywords iter.Seq2[string, error], generator string, make func(string) []string, keep bool,
) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for keyword, err := range keywords {
			if (keep || err != nil || IsDomain(keyword)) && !yield(keyword, err) {
				return
			}
			for made := range o.Tag(generator, Stream(make(keyword)...)) {
				if !yield(made, nil) {
					return
				}
			}
		}
	}
}
