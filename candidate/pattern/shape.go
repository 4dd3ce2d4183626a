package pattern

import (
	"slices"
	"strings"
)

// A shape is what is known of the texts of a node without listing them.
type shape struct {
	least, most int      // their lengths, in characters
	once        bool     // it is certain that none comes twice
	text        []string // the only text, as a list of characters; nil if there are more
}

// tooLarge is where lengths stop growing, so that they cannot overflow.
const tooLarge = maxName + 1

func (s shape) fixed() bool { return s.least == s.most }

// shape finds whether texts can come twice. The rules are sufficient ones:
//
//   - In a row of parts, the borders between them are known if at most one of
//     the parts has texts of different lengths.
//   - The repetitions of a part with texts of one length differ in length.
//   - Alternatives of different lengths differ, and so do different texts.
func (n node) shape() shape {
	s := shape{least: 1, most: 1, once: true}
	if n.set == nil {
		s = alternativesShape(n.alternatives)
	} else {
		// Beyond ASCII, different texts can be mapped to the same name, and
		// with a dot the TLD is one of the texts.
		s.once = strings.Trim(strings.Join(n.set, ""), letters+digits+"-") == ""
		if len(n.set) == 1 {
			s.text = n.set
		}
	}
	if n.least != 1 || n.most != 1 {
		s.once = s.once && s.fixed() && (n.least == n.most || s.least > 0)
		s.least, s.most = min(s.least*n.least, tooLarge), min(s.most*n.most, tooLarge)
		if n.least == n.most && s.text != nil && s.most < tooLarge {
			s.text = slices.Repeat(s.text, n.least)
		} else {
			s.text = nil
		}
	}
	return s
}

func rowShape(row []node) shape {
	all := shape{once: true, text: []string{}}
	elastic := 0
	for _, n := range row {
		s := n.shape()
		if !s.fixed() {
			elastic++
		}
		all.least, all.most = min(all.least+s.least, tooLarge), min(all.most+s.most, tooLarge)
		all.once = all.once && s.once
		if all.text != nil && s.text != nil {
			all.text = append(all.text, s.text...)
		} else {
			all.text = nil
		}
	}
	all.once = all.once && elastic <= 1
	return all
}

func alternativesShape(list [][]node) shape {
	var shapes []shape
	for _, row := range list {
		shapes = append(shapes, rowShape(row))
	}
	all := shapes[0]
	for i, s := range shapes[1:] {
		all.once = all.once && s.once
		for _, other := range shapes[:i+1] {
			all.once = all.once && s.differs(other)
		}
		all.least, all.most = min(all.least, s.least), max(all.most, s.most)
		all.text = nil
	}
	return all
}

// differs reports whether it is certain that s and t have no text in common.
func (s shape) differs(t shape) bool {
	return s.most < t.least || t.most < s.least ||
		s.text != nil && t.text != nil && !slices.Equal(s.text, t.text)
}
