package candidate

import "iter"

// Parse makes a candidate of one whole domain, with or without a final dot, in
// its A-label or U-label form. Its TLD is what the ICANN section of the public
// suffix list says, or the last label when the list has none: whether such a
// TLD exists is for the network to say.
//
// A domain that is not directly below its TLD is invalid with the reason
// [NotRegistrable], and a name without a dot with [PublicSuffix].
func Parse(name string) Candidate {
	c := Candidate{Keyword: name}
	c.Name, c.Unicode, c.Err = normalize(trimDot(name))
	if c.Err == nil {
		c.TLD, c.Err = place(c.Name)
	}
	return c
}

// Names streams whole domains: one candidate for each name, in order, repeats
// included. It never yields an error; a bad name is an invalid candidate.
func Names(names ...string) iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		for _, name := range names {
			if !yield(Parse(name), nil) {
				return
			}
		}
	}
}
