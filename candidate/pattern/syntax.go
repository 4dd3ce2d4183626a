package pattern

import (
	"fmt"
	"strconv"
	"strings"
)

// An Error is a mistake in a pattern.
type Error struct {
	Pattern string
	Pos     int // the number of the character, counted from 1
	Problem string
}

func (e *Error) Error() string {
	shown := fmt.Sprintf("%.64q", e.Pattern)
	if strconv.CanBackquote(e.Pattern) && len(e.Pattern) < len(shown) {
		shown = "\"" + e.Pattern + "\"" // without doubled backslashes
	}
	return fmt.Sprintf("pattern %s: %s at character %d", shown, e.Problem, e.Pos)
}

// The bounds of the syntax. No name is longer than maxName, so that more
// repetitions are a mistake.
const (
	maxPattern = 1 << 10 // characters
	maxRepeat  = maxName
	maxSet     = 1 << 15 // characters in a class
)

// A node is a part of the syntax tree, repeated from least to most times. It is a
// set of characters or, if the set is nil, a list of alternatives, each of which is
// a row of nodes.
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
	return &Error{Pattern: p.src, Pos: pos + 1, Problem: fmt.Sprintf(format, args...)}
}

func (p *parser) more() bool { return p.pos < len(p.text) }

func (p *parser) accept(c rune) bool {
	if p.more() && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func parse(src string) ([][]node, error) {
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

// repetition parses the repetition after an atom, if there is one.
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
