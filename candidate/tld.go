package candidate

import (
	"cmp"
	"strings"

	"domprobe/internal/text"
)

// A tld is an effective TLD, with all that depends on the TLD alone.
type tld struct {
	name    string // A-label form
	dotted  string // name after a dot
	unicode string // the U-label form after a dot
	idn     bool   // the two differ

	kind    kind // of the bidi rule
	inspect bool // some name under it may be a public suffix or of special use
}

// A kind is what the bidi rule (RFC 5893 section 2) makes of a TLD.
type kind uint8

const (
	leftToRight kind = iota // asks nothing of the labels before it
	rightToLeft             // asks every label before it to keep the rule
	ruleless                // breaks the rule if a right-to-left label is before it
)

// like has a TLD of each kind to try a label with.
var like = [...]string{rightToLeft: ".xn--4db", ruleless: ".1a"}

func parseTLDs(list []string) ([]tld, error) {
	var tlds []tld
	known := make(map[string]bool)
	for _, typed := range list {
		t, err := parseTLD(typed)
		if err != nil {
			return nil, &OptionError{"TLD", typed, err}
		}
		if !known[t.name] {
			known[t.name] = true
			tlds = append(tlds, t)
		}
	}
	return tlds, nil
}

func namesOf(list []tld) []string { return text.Of(list, func(t tld) string { return t.name }) }

func parseTLD(typed string) (tld, *Error) {
	name, unicode, err := normalize(trimDot(strings.TrimPrefix(strings.TrimSpace(typed), ".")))
	if err != nil {
		return tld{}, err
	}
	if isNumeric(name[strings.LastIndexByte(name, '.')+1:]) {
		return tld{}, invalid(BadLabel, "%s is a number, which no TLD is", quote(name))
	}
	t := tld{name: name, dotted: "." + name, unicode: "." + cmp.Or(unicode, name), idn: unicode != "", inspect: mayHoldSuffixes(name) || special(name) != nil}
	// No label of a right-to-left name starts with a digit (rule 1).
	switch {
	case t.idn && !converts("0"+t.dotted):
		t.kind = rightToLeft
	case strings.ContainsAny(name, "0123456789") && !converts("\u05d0"+t.dotted):
		t.kind = ruleless
	}
	return t, nil
}

// check says why a syntactically valid name under t is not registrable.
func (t *tld) check(name string) *Error {
	if !t.inspect {
		return nil
	}
	if err := special(name); err != nil {
		return err
	}
	if suffix, _ := icannSuffix(name); suffix == name {
		return publicSuffix(name)
	}
	return nil
}

func converts(name string) bool {
	_, _, err := convert(name)
	return err == nil
}

// A form is a label in its A-label form and its U-label form, or as it was typed
// if it has none.
type form struct {
	kind
	name, unicode []byte
	idn           bool // the two differ
	err           *Error
}

// formOf returns the form of a label below a TLD of some kind.
func formOf(label []byte, k kind) form {
	tail := like[k]
	name, unicode, err := normalize(string(label) + tail)
	f := form{kind: k, name: label, unicode: label, err: err}
	if err != nil {
		return f
	}
	if strings.Count(name, ".") != strings.Count(tail, ".") {
		f.err = invalid(BadIDN, "%s stands for more than one label", quote(string(label)))
		return f
	}
	name, _, _ = strings.Cut(name, ".")
	unicode, _, _ = strings.Cut(unicode, ".")
	f.name, f.unicode = []byte(name), []byte(cmp.Or(unicode, name))
	f.idn = unicode != "" && unicode != name
	return f
}

// An affix is a prefix or a suffix of keywords.
type affix struct {
	text  string
	class class
}

// parseAffixes returns the empty affix and those of the list, in lower case.
func parseAffixes(option string, list []string) ([]affix, error) {
	affixes := []affix{{}}
	known := map[string]bool{"": true}
	for _, typed := range list {
		text := strings.ToLower(strings.TrimSpace(typed))
		if known[text] {
			continue
		}
		known[text] = true
		if err := checkAffix(option, text); err != nil {
			return nil, &OptionError{option, typed, err}
		}
		affixes = append(affixes, affix{text, classify(text)})
	}
	return affixes, nil
}

// checkAffix rejects an affix that makes every label invalid.
func checkAffix(option, text string) *Error {
	if hasDot(text, classify(text)) {
		return invalid(BadLabel, "%s holds a dot", quote(text))
	}
	if classify(text)&high != 0 {
		_, _, err := convert(text)
		return err
	}
	if err := checkCharacters(text); err != nil {
		return err
	}
	if option == "prefix" {
		return checkLabel("", text+"x")
	}
	return checkLabel("", "x"+text)
}
