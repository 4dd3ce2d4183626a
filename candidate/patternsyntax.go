package candidate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A PatternError says what is wrong with a pattern, and where.
type PatternError struct {
	Pattern string
	Pos     int // the character that the error is at, counted from 1
	Problem string
}

func (e *PatternError) Error() string {
	shown := quote(e.Pattern)
	if strconv.CanBackquote(e.Pattern) && len(e.Pattern) < len(shown) {
		shown = "\"" + e.Pattern + "\"" // without doubled backslashes
	}
	return fmt.Sprintf("pattern %s: %s at character %d", shown, e.Problem, e.Pos)
}

// The bounds of a pattern. No name is longer than maxName, so that a greater
// repetition is a mistake.
const (
	maxPattern = 1 << 10 // characters
	maxRepeat  = maxName
	maxSet     = 1 << 15 // characters in a class
)

const (
	letters    = "abcdefghijklmnopqrstuvwxyz"
	digits     = "0123456789"
	vowels     = "aeiou"
	consonants = "bcdfghjklmnpqrstvwxyz"
)

// escapes are the classes with a short name, posix those with a long one.
var (
	escapes = map[rune]string{'d': digits, 'w': letters + digits, 'c': consonants, 'v': vowels}
	posix   = map[string]string{
		"c": consonants, "v": vowels,
		"alpha": letters, "digit": digits, "alnum": letters + digits,
	}
)

// A node is a part of the syntax tree: a set of characters if it has one, else
// alternatives, each of them nodes in a row; repeated from least to most times.
type node struct {
	set          []string
	alternatives [][]node
	least, most  int
}

// A parser turns a pattern into its syntax tree.
type parser struct {
	text []rune
	pos  int
	src  string
}

func (p *parser) fail(pos int, format string, args ...any) error {
	return &PatternError{Pattern: p.src, Pos: pos + 1, Problem: fmt.Sprintf(format, args...)}
}

func (p *parser) more() bool { return p.pos < len(p.text) }

func (p *parser) accept(c rune) bool {
	if p.more() && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func parsePattern(src string) ([][]node, error) {
	p := &parser{text: []rune(src), src: src}
	if len(p.text) == 0 {
		return nil, p.fail(0, "nothing to generate")
	}
	if len(p.text) > maxPattern {
		return nil, p.fail(maxPattern, "longer than %d characters", maxPattern)
	}
	tree, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if p.more() {
		return nil, p.fail(p.pos, "no group for %q to close", p.text[p.pos])
	}
	return tree, nil
}

// alternatives parses until the end or a closing parenthesis.
func (p *parser) alternatives() ([][]node, error) {
	list := [][]node{nil}
	for p.more() && p.text[p.pos] != ')' {
		if p.accept('|') {
			list = append(list, nil)
			continue
		}
		n, err := p.atom()
		if err != nil {
			return nil, err
		}
		if n.least, n.most, err = p.repetition(); err != nil {
			return nil, err
		}
		last := len(list) - 1
		list[last] = append(list[last], n)
	}
	return list, nil
}

func (p *parser) atom() (node, error) {
	start := p.pos
	c := p.text[p.pos]
	p.pos++
	switch c {
	case '(':
		list, err := p.alternatives()
		if err != nil {
			return node{}, err
		}
		if !p.accept(')') {
			return node{}, p.fail(start, "group without )")
		}
		return node{alternatives: list}, nil
	case '[':
		set, err := p.class(start)
		return node{set: set}, err
	case '\\':
		set, err := p.escape(start)
		return node{set: set}, err
	case '*', '+', '?', '{':
		return node{}, p.unrepeatable(start, c)
	case '.':
		return node{set: []string{"."}}, nil
	}
	s, err := p.literal(start, c)
	return node{set: []string{s}}, err
}

func (p *parser) unrepeatable(pos int, c rune) error {
	if pos > 0 && strings.ContainsRune("?}", p.text[pos-1]) {
		return p.fail(pos, "a repetition of a repetition")
	}
	return p.fail(pos, "nothing before %q to repeat", c)
}

// literal checks a character that stands for itself.
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

// escape parses what follows a backslash.
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

// class parses what follows an opening bracket. Its characters keep the order
// in which they are written.
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
	if set = distinct(set); len(set) == 0 {
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

// repetition parses what may follow an atom.
func (p *parser) repetition() (least, most int, err error) {
	start := p.pos
	switch {
	case p.accept('?'):
		return 0, 1, nil
	case p.accept('*'), p.accept('+'):
		return 0, 0, p.fail(start, "unbounded %q", p.text[start])
	case !p.accept('{'):
		return 1, 1, nil
	}
	if least, err = p.number(start); err != nil {
		return 0, 0, err
	}
	most = least
	if p.accept(',') {
		if p.accept('}') {
			return 0, 0, p.fail(start, "unbounded {%d,}", least)
		}
		if most, err = p.number(start); err != nil {
			return 0, 0, err
		}
	}
	switch {
	case !p.accept('}'):
		return 0, 0, p.fail(start, "no {n} or {m,n}")
	case most < least:
		return 0, 0, p.fail(start, "no repetition from %d to %d times", least, most)
	}
	return least, most, nil
}

func (p *parser) number(start int) (n int, err error) {
	from := p.pos
	for p.more() && '0' <= p.text[p.pos] && p.text[p.pos] <= '9' {
		if n = 10*n + int(p.text[p.pos]-'0'); n > maxRepeat {
			return 0, p.fail(start, "more than %d repetitions", maxRepeat)
		}
		p.pos++
	}
	if p.pos == from {
		return 0, p.fail(start, "no {n} or {m,n}")
	}
	return n, nil
}

// distinct removes repeats and keeps the order.
func distinct(list []string) []string {
	known := make(map[string]bool, len(list))
	var kept []string
	for _, s := range list {
		if !known[s] {
			known[s] = true
			kept = append(kept, s)
		}
	}
	return kept
}
