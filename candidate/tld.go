package candidate

import "strings"

// A tld is an effective TLD, with all that depends on the TLD alone.
type tld struct {
	name    string // A-label form
	dotted  string // name after a dot
	unicode string // the U-label form after a dot, or empty

	bidi     bool   // right-to-left, so that the bidi rule holds for every label
	special  *Error // if every name under it is of special use
	inspect  bool   // some name under it may be of special use
	suffixes bool   // some name under it may be a public suffix
}

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

func parseTLD(typed string) (tld, *Error) {
	name, unicode, err := normalize(trimDot(strings.TrimPrefix(strings.TrimSpace(typed), ".")))
	if err != nil {
		return tld{}, err
	}
	if strings.Trim(name[strings.LastIndexByte(name, '.')+1:], "0123456789") == "" {
		return tld{}, invalid(BadLabel, "%s is a number, which no TLD is", quote(name))
	}
	t := tld{name: name, dotted: "." + name, suffixes: mayHoldSuffixes(name)}
	if unicode != "" {
		t.unicode = "." + unicode
		// No label of a bidi domain name starts with a digit (RFC 5893
		// section 2, rule 1), and any other may.
		_, bidi := toASCII("0" + t.unicode)
		t.bidi = bidi != nil
	}
	if s := special(name); s != "" {
		t.special = specialUse(s)
	}
	t.inspect = name[strings.LastIndexByte(name, '.')+1:] == "arpa"
	return t, nil
}

// check says why a syntactically valid name under t is not registrable.
func (t *tld) check(name string) *Error {
	if t.special != nil {
		return t.special
	}
	if t.inspect {
		if s := special(name); s != "" {
			return specialUse(s)
		}
	}
	if t.suffixes {
		if suffix, _ := icannSuffix(name); suffix == name {
			return publicSuffix(name)
		}
	}
	return nil
}

// normalize makes a name of any label.
func (t *tld) normalize(label string) (name, unicode string, err *Error) {
	name, unicode, err = normalize(label + t.dotted)
	if err != nil {
		return name, "", err
	}
	above, ok := strings.CutSuffix(name, t.dotted)
	if !ok || strings.Contains(above, ".") {
		return name, "", invalid(BadIDN, "%s stands for more than one label", quote(label))
	}
	return name, unicode, t.check(name)
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
		_, err := toASCII(text)
		return err
	}
	if option == "prefix" {
		return checkLabel("", text+"x")
	}
	return checkLabel("", "x"+text)
}
