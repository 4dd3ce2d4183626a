package rdap

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed whois.txt
var whoisText string

// shortestFree is the length of the shortest reply that is believed when it
// says that a name is free. One that carries the name is longer.
const shortestFree = 24

// A whoisTLD is how one registry's WHOIS server is asked and understood.
type whoisTLD struct {
	query    string
	common   *whoisTLD                   // the lines for all of them
	patterns map[string][]*regexp.Regexp // by kind
}

var whoisTLDs = sync.OnceValues(func() (map[string]*whoisTLD, error) { return parsePatterns(whoisText) })

// whoisFor returns how to ask about a name directly below one of the known
// suffixes, and nil for every other name.
func whoisFor(name string) *whoisTLD {
	tlds, err := whoisTLDs()
	if err != nil { // a test makes sure that it is not
		return nil
	}
	_, suffix, _ := strings.Cut(name, ".")
	return tlds[suffix]
}

// parsePatterns reads the format that whois.txt describes.
func parsePatterns(data string) (map[string]*whoisTLD, error) {
	tlds := map[string]*whoisTLD{}
	for line := range strings.Lines(data) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		suffix, rest, _ := strings.Cut(line, " ")
		kind, arg, _ := strings.Cut(strings.TrimSpace(rest), " ")
		arg = strings.TrimSpace(arg)
		t := tlds[suffix]
		if t == nil {
			t = &whoisTLD{patterns: make(map[string][]*regexp.Regexp)}
			tlds[suffix] = t
		}
		switch kind {
		case "also":
			for other := range strings.SplitSeq(arg, ",") {
				tlds[other] = t
			}
		case "query":
			t.query = arg
		case "quota", "free", "reserved", "taken":
			expr, err := regexp.Compile("(?mi)" + arg)
			if err != nil {
				return nil, fmt.Errorf("WHOIS pattern of %s: %w", suffix, err)
			}
			t.patterns[kind] = append(t.patterns[kind], expr)
		default:
			return nil, fmt.Errorf("WHOIS pattern of %s of unknown kind %q", suffix, kind)
		}
	}
	common, ok := tlds["*"]
	if !ok {
		return nil, errors.New("WHOIS patterns: none for all")
	}
	delete(tlds, "*")
	for _, t := range tlds {
		t.common = common
	}
	return tlds, nil
}

// queryFor is what to send, without the end of the line.
func (t *whoisTLD) queryFor(name string) string {
	return strings.ReplaceAll(cmp.Or(t.query, t.common.query), "{name}", name)
}

// classify says what a reply means for name. A reply that is short, cut,
// or matches nothing says nothing, nor does one that calls the name both free
// and taken.
func (t *whoisTLD) classify(name string, reply []byte) (Status, *Error) {
	lines := wholeLines(reply)
	is := func(kind string) bool { return t.matches(kind, name, lines) }
	if is("quota") || t.common.matches("quota", name, lines) {
		return Unconfirmed, &Error{Reason: RateLimited, Err: errors.New("the WHOIS server refuses for now")}
	}
	free, reserved, taken := is("free"), is("reserved"), is("taken")
	switch {
	case free && !reserved && !taken && len(lines) >= shortestFree:
		return NotRegistered, nil
	case reserved && !free:
		return Reserved, nil
	case taken && !free:
		return Registered, nil
	}
	return Unconfirmed, &Error{Reason: Unrecognized, Err: fmt.Errorf("a WHOIS reply of %d bytes that is none of the documented ones", len(reply))}
}

// matches reports whether an expression of that kind matches, with the name
// in its group if it has one.
func (t *whoisTLD) matches(kind, name, lines string) bool {
	for _, expr := range t.patterns[kind] {
		if expr.NumSubexp() == 0 {
			if kind != "quota" && strings.Contains(name, "xn--") {
				continue
			}
			if expr.MatchString(lines) {
				return true
			}
			continue
		}
		for _, m := range expr.FindAllStringSubmatch(lines, -1) {
			if strings.EqualFold(m[1], name) {
				return true
			}
		}
	}
	return false
}

// namesFree reports whether every reply that says that a name is free carries
// the name.
func (t *whoisTLD) namesFree() bool {
	return !slices.ContainsFunc(t.patterns["free"], func(e *regexp.Regexp) bool { return e.NumSubexp() == 0 })
}

// wholeLines returns the lines that arrived whole, each ended by a line feed
// alone, without blanks at their ends and without empty lines at the start.
func wholeLines(reply []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(reply)) {
		if !strings.HasSuffix(line, "\n") {
			break
		}
		if line = strings.TrimRight(line, " \t\r\n"); line != "" || b.Len() > 0 {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
