package rdap

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"domprobe/candidate"
)

// A record is a WHOIS reply taken apart without knowledge of who wrote it.
type record struct {
	names  []string // the name that was asked about: its A-label form, and its U-label form if it has one
	fields []field

	// sentences are the lines in lower case without comment marks, quotes and
	// final punctuation, with theName in place of the name that was asked about.
	sentences string

	opening string   // the sentences up to the first line that is no comment, no banner and not for the name alone
	naming  []string // those with the name, but for such lines

	all    strings.Builder // the sentences so far
	opened int             // the length of the opening, once that has ended
}

// A field is a line "key: value". Its value may stand on the next line, deeper.
type field struct{ key, value string }

// theName stands for the name that was asked about. No registry uses it.
const theName = "§"

// maxSentence is the longest line that is looked at as a sentence. Terms of use
// have longer ones.
const maxSentence = 160

// The ways in which registries write a key and its value.
var keyForms = []func() *regexp.Regexp{
	lazily(`^(?:[a-z]\.? +)?\[([^\]]{1,60})\][ \t]*(.*)$`),             // [Key] value
	lazily(`^[ \t]*(\pL[^:.]{0,60}?)#?:?\.?(?:[. ]\.){3}[. :]*(.*)$`),  // Key......: value
	lazily(`^[ \t*]*\[?([^:\[\]]{1,60}?)\]?[ \t.]*:(?:[ \t.]*(.*))?$`), // Key: value
	lazily(`^(\pL[\pL -]{0,40}?)(?: {2,}|\t+)(\S.*)$`),                 // Key   value
}

var (
	lastNumber = lazily(` \d+$`)
	dataAlone  = lazily(`^(?:[^ .]+\.[^ ]+|.*\b(?:19|20)\d\d\b.*)$`) // a name or a date
	notInName  = lazily(`[^\pL\pM\pN.-]+`)
	unquoted   = lazily("[\"'`“”«»\\[\\]()" + theName + "]")
)

// The marks around a sentence: of comments, and punctuation.
const (
	marks   = " \t%#*;>-|<=."
	endings = " \t.!;*<>-=,"
)

// readRecord takes a reply apart. Only whole lines count.
func readRecord(lines, name string) *record {
	r := &record{names: spellings(name)}
	open := -1 // the depth of a key whose value is still to come
	for line := range strings.Lines(lines) {
		line = strings.TrimRight(line, "\n")
		depth := len(line) - len(strings.TrimLeft(line, " \t"))
		if open >= 0 && line != "" {
			value := strings.TrimSpace(line)
			if !strings.Contains(line, ":") && (depth > open || dataAlone().MatchString(value)) {
				r.fields[len(r.fields)-1].value = value
			}
			open = -1
		}
		f, ok := readField(line)
		if ok {
			r.fields = append(r.fields, f)
			if f.value == "" {
				open = depth
			}
		}
		if len(line) <= maxSentence {
			r.readSentences(line, &f)
		}
	}
	r.sentences = r.all.String()
	r.opening = r.sentences[:cmp.Or(r.opened, len(r.sentences))]
	return r
}

// readSentences reads a line, with its key and value if it has them, as sentences.
func (r *record) readSentences(line string, f *field) {
	opens := false
	for _, part := range sentenceEnd().Split(strings.ToLower(line), -1) {
		s := r.sentence(part)
		if s == "" {
			continue
		}
		r.all.WriteString(s + "\n")
		if isComment(line) || s == theName || f.is("domain") || f.is("echo") || domainLine().MatchString(s) {
			continue
		}
		opens = opens || !words().lines["banner"].MatchString(s)
		if strings.Contains(s, theName) && !f.is("status") {
			r.naming = append(r.naming, s)
		}
	}
	if opens && r.opened == 0 {
		r.opened = r.all.Len()
	}
}

// isComment reports whether a line is no data.
func isComment(line string) bool { return line == "" || strings.ContainsRune("%#;>", rune(line[0])) }

// readField reads a line that is not a comment.
func readField(line string) (f field, ok bool) {
	if isComment(line) {
		return f, false
	}
	for _, expr := range keyForms {
		if m := expr().FindStringSubmatch(line); m != nil {
			key := strings.Join(strings.FieldsFunc(strings.ToLower(m[1]), isKeySpace), " ")
			return field{lastNumber().ReplaceAllString(key, ""), strings.TrimSpace(m[2])}, true
		}
	}
	return f, false
}

func isKeySpace(c rune) bool { return strings.ContainsRune(" \t_-", c) }

// keys returns the words of a key that is given in two languages, without what
// is in parentheses.
func (f *field) keys() []string {
	key, _, _ := strings.Cut(f.key, "(")
	all := strings.Split(key, "/")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// is reports whether the key is one of that kind.
func (f *field) is(kind string) bool {
	return slices.ContainsFunc(f.keys(), func(k string) bool { return slices.Contains(words().keys[kind], k) })
}

// spellings returns the A-label and the U-label form of a name.
func spellings(name string) []string {
	if u := candidate.Parse(name).Unicode; u != "" {
		return []string{name, u}
	}
	return []string{name}
}

// sentence returns a line in lower case as r.sentences has it.
func (r *record) sentence(line string) string {
	line = unquoted().ReplaceAllLiteralString(strings.ReplaceAll(line, "_", " "), "")
	words := strings.Fields(strings.Trim(strings.TrimLeft(line, marks), endings))
	for i, w := range words {
		if core := strings.Trim(w, ":,.;!?"); slices.Contains(r.names, core) {
			words[i] = strings.Replace(w, core, theName, 1)
		}
	}
	return strings.Join(words, " ")
}

// about says whether the reply has a line for its domain, of the name that was
// asked about or of another one, and whether another line has the name.
func (r *record) about() (own, echoed, other bool) {
	own = domainLine().MatchString(r.sentences)
	for _, f := range r.fields {
		echo := f.is("echo")
		if !echo && !f.is("domain") {
			continue
		}
		value := notInName().Split(strings.ToLower(f.value), 2)[0]
		value = strings.TrimSuffix(value, ".")
		same := slices.Contains(r.names, value)
		own, echoed = own || same && !echo, echoed || same && echo
		other = other || !same && !echo && strings.Contains(value, ".")
	}
	return own, echoed, other
}

// domainLine is a line for the domain without a colon.
var domainLine = lazily(`(?m)^(?:searching for|domain(?: name)?) ` + theName + `(?: (?:is )?(?:active|registered))?$`)

// values returns what stands behind keys of that kind, in the order of the reply.
func (r *record) values(kind string) (all []string) {
	for _, f := range r.fields {
		if f.value != "" && f.is(kind) {
			all = append(all, f.value)
		}
	}
	return all
}
