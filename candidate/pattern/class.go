package pattern

import (
	"slices"
	"strings"
	"unicode"

	"domprobe/internal/text"
)

const (
	letters    = "abcdefghijklmnopqrstuvwxyz"
	digits     = "0123456789"
	vowels     = "aeiou"
	consonants = "bcdfghjklmnpqrstvwxyz"
)

// The named classes: \d and [:digit:].
var (
	escapes = map[rune]string{'d': digits, 'w': letters + digits, 'c': consonants, 'v': vowels}
	posix   = map[string]string{
		"c": consonants, "v": vowels,
		"alpha": letters, "digit": digits, "alnum": letters + digits,
	}
)

// literal returns the text of a character that stands for itself.
func (p *parser) literal(pos int, c rune) (string, error) {
	c = unicode.ToLower(c)
	switch {
	case c == unicode.ReplacementChar:
		return "", p.fail(pos, "invalid UTF-8")
	case c < 0x80 && c != '-' && !strings.ContainsRune(letters+digits, c), unicode.IsSpace(c), !unicode.IsGraphic(c):
		return "", p.fail(pos, "%q, which no name can hold,", c)
	}
	return string(c), nil
}

// escape parses the rest of an escape after its backslash.
func (p *parser) escape(start int) ([]string, error) {
	if !p.more() {
		return nil, p.fail(start, "backslash before nothing")
	}
	c := p.text[p.pos]
	p.pos++
	if set, ok := escapes[c]; ok {
		return strings.Split(set, ""), nil
	}
	if c == '-' || c == '.' {
		return []string{string(c)}, nil
	}
	return nil, p.fail(start, "no class \\%c, only \\d, \\w, \\c and \\v,", c)
}

// class parses the rest of a class after its opening bracket. The characters keep
// the order in which they are written.
func (p *parser) class(start int) ([]string, error) {
	negated := p.accept('^')
	var set []string
	for {
		if !p.more() {
			return nil, p.fail(start, "class without ]")
		}
		if p.accept(']') {
			break
		}
		item, err := p.classItem()
		if err != nil {
			return nil, err
		}
		if set = append(set, item...); len(set) > maxSet {
			return nil, p.fail(start, "class of more than %d characters", maxSet)
		}
	}
	if negated {
		set = slices.DeleteFunc(strings.Split(letters+digits, ""), func(c string) bool { return slices.Contains(set, c) })
	}
	if set = text.Distinct(set); len(set) == 0 {
		return nil, p.fail(start, "empty class")
	}
	return set, nil
}

// classItem parses a named class, an escape, a range or a character.
func (p *parser) classItem() ([]string, error) {
	start := p.pos
	if p.accept('[') {
		return p.namedClass(start)
	}
	if p.accept('\\') {
		return p.escape(start)
	}
	low := p.text[p.pos]
	p.pos++
	first, err := p.literal(start, low)
	if err != nil || p.pos+1 >= len(p.text) || p.text[p.pos] != '-' || p.text[p.pos+1] == ']' {
		return []string{first}, err
	}
	high := p.text[p.pos+1]
	p.pos += 2
	if high < low || high-low >= maxSet {
		return nil, p.fail(start, "no range from %q to %q", low, high)
	}
	var set []string
	for c := low; c <= high; c++ {
		s, err := p.literal(start, c)
		if err != nil {
			return nil, err
		}
		set = append(set, s)
	}
	return set, nil
}

func (p *parser) namedClass(start int) ([]string, error) {
	rest := string(p.text[p.pos:])
	if name, _, ok := strings.Cut(strings.TrimPrefix(rest, ":"), ":]"); ok && rest[0] == ':' {
		if set, ok := posix[name]; ok {
			p.pos += len(name) + len("::]")
			return strings.Split(set, ""), nil
		}
	}
	return nil, p.fail(start, "no class of that name, only [:c:], [:v:], [:alpha:], [:digit:] and [:alnum:],")
}
