package rdap

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

//go:embed whois.txt
var whoisText string

// shortestFree is the length of the shortest reply that is believed when it
// says that a name is free. One that carries the name is longer.
const shortestFree = 24

// A whoisTLD is how one registry's WHOIS server is asked and understood. Of one
// that whois.txt does not have it holds only the lines for all of them.
type whoisTLD struct {
	query    string
	common   *whoisTLD                   // the lines for all of them
	patterns map[string][]*regexp.Regexp // by kind
}

// lazily returns a regular expression that is compiled with its first use: most
// runs of a program ask no registry.
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// whoisPatterns are the lines of whois.txt.
type whoisPatterns struct {
	tlds   map[string]*whoisTLD // by suffix
	common *whoisTLD
}

var whoisTexts = sync.OnceValue(func() *whoisPatterns {
	p, err := parsePatterns(whoisText)
	if err != nil {
		panic(err) // a test reads the file
	}
	return p
})

// whoisFor returns how to ask about a name, and whether it is directly below a
// suffix whose registry's replies are known.
func whoisFor(name string) (w *whoisTLD, known bool) {
	_, suffix, _ := strings.Cut(name, ".")
	if w, known = whoisTexts().tlds[suffix]; known {
		return w, true
	}
	return whoisTexts().common, false
}

// parsePatterns reads the format that whois.txt describes.
func parsePatterns(data string) (*whoisPatterns, error) {
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
	common.common = common
	return &whoisPatterns{tlds, common}, nil
}

// queryFor is what to send, without the end of the line.
func (t *whoisTLD) queryFor(name string) string {
	return strings.ReplaceAll(cmp.Or(t.query, t.common.query), "{name}", name)
}

// A whoisWord is what a reply says about a name.
type whoisWord struct {
	status Status
	named  bool // the reply carries the name
}

// classify says what a reply means for name. A reply that is short, cut,
// or matches nothing says nothing, nor does one that calls the name both free
// and taken. Where the registry's own wording is known, the grammar of all the
// others may add to it, but not that a name is free by a sentence without it.
func (t *whoisTLD) classify(name string, reply []byte) (whoisWord, *Error) {
	lines := wholeLines(reply)
	said := func(kind string) bool { is, _ := t.matches(kind, name, lines); return is }
	if quota, _ := t.common.matches("quota", name, lines); quota || said("quota") {
		return whoisWord{}, &Error{Reason: RateLimited, Err: errors.New("the WHOIS server refuses for now")}
	}
	free, named := t.matches("free", name, lines)
	reserved, taken := said("reserved"), said("taken")
	switch {
	case free && !reserved && !taken && len(lines) >= shortestFree && (named || readRecord(lines, name).isEmpty()):
		return whoisWord{NotRegistered, named}, nil
	case reserved && !free:
		return whoisWord{Reserved, true}, nil
	case taken && !free:
		return whoisWord{Registered, true}, nil
	}
	if w := understand(name, lines); w.status != Unconfirmed && (w.named || t == t.common && !isIDN(name)) && !free {
		return w, nil
	}
	return whoisWord{}, &Error{Reason: Unrecognized,
		Err: fmt.Errorf("a WHOIS reply of %d bytes that is not understood", len(reply))}
}

// isIDN reports whether a name has a label that a registry may print otherwise.
func isIDN(name string) bool { return strings.Contains(name, "xn--") }

// matches reports whether an expression of that kind matches, with the name
// in its group if it has one, and whether it has.
func (t *whoisTLD) matches(kind, name, lines string) (is, named bool) {
	for _, expr := range t.patterns[kind] {
		if expr.NumSubexp() == 0 {
			if (kind == "quota" || !isIDN(name)) && expr.MatchString(lines) {
				return true, false
			}
			continue
		}
		for _, m := range expr.FindAllStringSubmatch(lines, -1) {
			if strings.EqualFold(m[1], name) {
				return true, true
			}
		}
	}
	return false, false
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
