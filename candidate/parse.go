package candidate

import "iter"

// Parse returns the candidate of a whole domain, in A-label or U-label form, with
// or without a final dot. Its TLD is its public suffix, or its last label if the
// public suffix list has none: x.uk.com is under uk.com, and uk.com, whose suffix
// is in the private section of the list, under com. Parse does not know whether
// that TLD exists.
//
// A domain that is not directly below its TLD is invalid with the reason
// [NotRegistrable]. A name without a dot is invalid with the reason [PublicSuffix].
func Parse(name string) Candidate {
	c := Candidate{Keyword: name}
	c.Name, c.Unicode, c.Err = normalize(trimDot(name))
	if c.Err == nil {
		c.TLD, c.Err = place(c.Name)
	}
	return c
}

// Names streams the candidates of whole domains, in order and with repeats. It
// never yields an error.
func Names(names ...string) iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		for _, name := range names {
			if !yield(Parse(name), nil) {
				return
			}
		}
	}
}
