package candidate

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The notes of Clean.
const (
	noteURL    = "the domain of a URL"
	noteMail   = "the domain of an e-mail address"
	noteWWW    = "the domain without www"
	noteMarks  = "without quotes, bullets and punctuation"
	noteList   = "the items of a list"
	notePhrase = "the words of a phrase, together and one by one"
)

// Clean returns the keywords that pasted text means: the domain of a URL or of
// an e-mail address, the items of a list, the words of a phrase. "blue ocean"
// gives blueocean, blue-ocean, blue and ocean. Quotes, bullets and punctuation
// around a keyword are left out.
//
// The note says how the keywords were found; it is one of a few, so that a
// caller can count how often it occurred. It is empty if s is returned as it is,
// since it is a keyword or nothing can be made of it.
func Clean(s string) (keywords []string, note string) {
	if classify(s)&(other|high) == 0 && !strings.HasSuffix(s, ".") && !hasWWW(s) {
		return []string{s}, ""
	}
	items := 0
	for item := range strings.FieldsFuncSeq(s, separatesItems) {
		words := wordsOf(item)
		if len(words) == 0 {
			continue
		}
		items++
		var more []string
		more, note = meaning(words)
		keywords = append(keywords, more...)
	}
	switch {
	case len(keywords) == 0, len(keywords) == 1 && keywords[0] == s:
		return []string{s}, ""
	case items > 1:
		note = noteList
	}
	return keywords, note
}

func separatesItems(c rune) bool { return strings.ContainsRune(",;|\n\r\t，、；", c) }

// What may stand around a keyword.
const (
	quotes  = "\"'`“”„‘’‚«»‹›「」『』<>()[]{}"
	bullets = "*•·‣◦▪–—+"
	stops   = ".!?:…"
)

// wordsOf returns the words of an item without what stands around them.
func wordsOf(item string) (words []string) {
	fields := strings.Fields(item)
	if len(fields) > 1 && isNumber(fields[0]) {
		fields = fields[1:]
	}
	for _, f := range fields {
		word := strings.TrimRight(strings.TrimLeft(f, quotes+bullets), quotes+stops)
		if strings.ContainsFunc(word, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) {
			words = append(words, word)
		}
	}
	return words
}

// isNumber reports whether a word numbers an item: "1.", "2)", "(3)", or ticks
// it off: "[x]".
func isNumber(word string) bool {
	digits := strings.Trim(word, "().")
	return word == "[x]" || digits != word && digits != "" && isNumeric(digits)
}

// meaning returns the keywords of an item.
func meaning(words []string) (keywords []string, note string) {
	var domains bool
	for _, word := range words {
		keyword, found := domainOf(word)
		keywords, note = append(keywords, keyword), found
		domains = domains || IsDomain(keyword)
	}
	switch {
	case len(words) == 1 && note == "":
		note = noteMarks
	case len(words) > 1 && domains:
		note = noteList
	case len(words) > 1:
		note = notePhrase
		if hyphenated := strings.Join(words, "-"); len(hyphenated) <= maxLabel {
			keywords = slices.Insert(keywords, 0, strings.Join(words, ""), hyphenated)
		}
	}
	return keywords, note
}

// domainOf returns the domain of a URL, of an e-mail address, or of a name with
// www before it. Any other word it returns as it is, without a note.
func domainOf(word string) (domain, note string) {
	_, host, isURL := strings.Cut(word, "://")
	if !isURL {
		host = strings.TrimPrefix(strings.TrimPrefix(word, "mailto:"), "//")
	}
	if end := strings.IndexAny(host, "/?#\\"); end >= 0 {
		host, isURL = host[:end], true
	}
	user := strings.LastIndexByte(host, '@')
	host = host[user+1:]
	if name, port, ok := strings.Cut(host, ":"); ok && isNumeric(port) {
		host, isURL = name, true
	}
	switch {
	case !IsDomain(strings.Trim(host, ".")):
		return word, ""
	case isURL:
		note = noteURL
	case user >= 0:
		note = noteMail
	case hasWWW(host):
		note = noteWWW
	default:
		return word, ""
	}
	domain = registrablePart(trimDot(host))
	if domain == word { // www.com
		note = ""
	}
	return domain, note
}

func hasWWW(s string) bool { return len(s) >= 4 && strings.EqualFold(s[:4], "www.") }

// registrablePart returns the end of a name that lies below a registrable name,
// and any other name as it is.
func registrablePart(name string) string {
	for {
		c := Parse(name)
		dot := strings.IndexAny(name, "."+otherDots)
		if c.Err == nil || c.Err.Reason != NotRegistrable || dot < 0 {
			return name
		}
		_, size := utf8.DecodeRuneInString(name[dot:])
		name = name[dot+size:]
	}
}
