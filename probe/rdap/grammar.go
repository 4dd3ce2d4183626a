package rdap

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed grammar.txt
var grammarText string

// A grammar is the lines of grammar.txt.
type grammar struct {
	keys  map[string][]string       // by kind of value
	lines map[string]*regexp.Regexp // by kind
}

// words returns the grammar of all replies.
var words = sync.OnceValue(func() *grammar {
	g, err := parseGrammar(grammarText)
	if err != nil {
		panic(err) // a test reads the file
	}
	return g
})

// parseGrammar reads the format that grammar.txt describes.
func parseGrammar(text string) (*grammar, error) {
	g := &grammar{keys: map[string][]string{}, lines: map[string]*regexp.Regexp{}}
	where, kinds := map[string][]string{}, map[string][]string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		kind, arg, _ := strings.Cut(line, " ")
		word, more, _ := strings.Cut(strings.TrimSpace(arg), " ")
		switch kind {
		case "key":
			for key := range strings.SplitSeq(more, ",") {
				g.keys[word] = append(g.keys[word], strings.TrimSpace(key))
			}
		case "where":
			where["{"+word+"}"] = append(where["{"+word+"}"], strings.TrimSpace(more))
		default:
			kinds[kind] = append(kinds[kind], strings.TrimSpace(arg))
		}
	}
	var pairs []string
	for word, exprs := range where {
		pairs = append(pairs, word, "(?:"+strings.Join(exprs, "|")+")")
	}
	words := strings.NewReplacer(pairs...)
	for kind, exprs := range kinds {
		expr := "(?:" + strings.Join(exprs, "|") + ")"
		if kind != "hint" && kind != "harmless" && kind != "banner" {
			expr = `^(?:error: ?(?:\d+: ?)?)?(?:§ ?[-:] ?)?` + expr + `$`
		}
		for range maxNested {
			expr = words.Replace(expr)
		}
		var err error
		if g.lines[kind], err = regexp.Compile("(?m)" + expr); err != nil {
			return nil, fmt.Errorf("WHOIS grammar of kind %s: %w", kind, err)
		}
	}
	return g, nil
}

// maxNested is how deep the words of a grammar stand for one another.
const maxNested = 4

// understand says what the reply of a registry means whose wording is not known.
func understand(name, lines string) whoisWord {
	g, r := words(), readRecord(lines, name)
	own, echoed, other := r.about()
	data, active := r.hasData(), false
	free, named := r.saysFree(own)
	own = own || echoed
	withheld, withheldNamed := r.says("withheld")
	for _, s := range r.values("status") {
		switch s = r.sentence(strings.ToLower(s)); {
		case g.lines["free-status"].MatchString(s):
			own := own || strings.Contains(s, theName)
			free, named = free || own, named || own
		case g.lines["withheld-status"].MatchString(s):
			withheld, withheldNamed = withheld || own, withheldNamed || own
		case g.lines["taken-status"].MatchString(s):
			active = true
		}
	}
	switch {
	case withheld && !other:
		return whoisWord{Reserved, withheldNamed}
	case other, free && (active || data || r.contradicts()):
	case free:
		return whoisWord{NotRegistered, named}
	case own && (data || active || r.hasDate("updated")) && !free:
		return whoisWord{Registered, true}
	}
	return whoisWord{}
}

// says reports whether a line of that kind is in the reply, and whether one with
// the name is.
func (r *record) says(kind string) (said, named bool) {
	for _, s := range words().lines[kind].FindAllString(r.sentences, -1) {
		said, named = true, named || strings.Contains(s, theName)
	}
	return said, named
}

// saysFree is says for a free name. What does not have the name may be said of
// anything: it counts at the start of the reply alone. In a record of the name it
// speaks of the domain there, or is the first line.
func (r *record) saysFree(own bool) (said, named bool) {
	if said, named = r.says("free"); named {
		return said, named
	}
	free := words().lines["free"]
	all := free.FindAllString(r.opening, -1)
	if !own {
		return len(all) > 0, false
	}
	first, _, _ := strings.Cut(r.sentences, "\n")
	named = free.MatchString(first) || words().lines["free-first"].MatchString(first) ||
		slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, "domain") })
	return named, named
}

// contradicts reports whether a reply that calls the name free has something else
// that a reply about a free name does not have: a contact, a day on which it can be
// had, a hint, or words about the name that are not understood.
func (r *record) contradicts() bool {
	g := words()
	rest := g.lines["harmless"].ReplaceAllString(g.lines["free"].ReplaceAllString(r.sentences, ""), "")
	return r.hasDate("drops") || len(r.values("contact")) > 0 || g.lines["hint"].MatchString(rest) ||
		slices.ContainsFunc(r.naming, func(s string) bool { return !g.lines["free"].MatchString(s) })
}

// isEmpty reports whether there is nothing of a registration, of whatever name.
func (r *record) isEmpty() bool {
	own, _, other := r.about()
	return !own && !other && !r.hasData()
}

// hasData reports whether there is what only a registration has.
func (r *record) hasData() bool {
	return r.hasDate("created") || r.hasDate("expires") || len(r.values("registrar")) > 0 || len(r.values("server")) > 0
}

// hasDate reports whether a value of that kind has a year.
func (r *record) hasDate(kind string) bool {
	return slices.ContainsFunc(r.values(kind), year().MatchString)
}

var year = lazily(`\b(?:19|20)\d\d`)
