package pattern

import (
	"slices"
	"strings"
)

// A shape has the properties of a node's texts that are known without a list.
type shape struct {
	least, most int      // their lengths, in characters
	once        bool     // certainly no text comes twice
	text        []string // the only text, as a list of characters; nil if there are more
}

// tooLarge replaces every greater length, so that lengths cannot overflow.
const tooLarge = maxName + 1

func (s shape) fixed() bool { return s.least == s.most }

// shape returns the shape of a node. Each of these rules is sufficient for texts
// that do not come twice:
//
//   - In a row of parts, the borders between the parts are known if at most one
//     part has texts of different lengths.
//   - The repetitions of a part with texts of one length differ in length.
//   - Alternatives of different lengths differ, and so do different texts.
func (n node) shape() shape {
	s := shape{least: 1, most: 1, once: true}
	if n.set == nil {
		s = alternativesShape(n.alternatives)
	} else {
		// UTS 46 can map different texts to the same name, and a text with
		// a dot has its own TLD.
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

// differs reports whether s and t certainly have no text in common.
func (s shape) differs(t shape) bool {
	return s.most < t.least || t.most < s.least ||
		s.text != nil && t.text != nil && !slices.Equal(s.text, t.text)
}
