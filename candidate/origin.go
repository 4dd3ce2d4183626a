package candidate

import "iter"

// An Origin knows which generator made the keyword that a [Generator] is at.
// Sources of keywords yield plain strings; Tag names their source beside them. So a
// generator is a function from a keyword to keywords, as [Hacks] is, or from words
// to a sequence, as [Combine] is.
type Origin struct{ generator string }

// Tag returns the same keywords, as made by a generator such as "pattern". Where
// tagged sequences are nested the outer one names the generator.
func (o *Origin) Tag(generator string, keywords iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for keyword, err := range keywords {
			o.generator = generator
			ok := yield(keyword, err)
			o.generator = ""
			if !ok {
				return
			}
		}
	}
}

// name returns the generator of the current keyword.
func (o *Origin) name() string {
	if o == nil {
		return ""
	}
	return o.generator
}
