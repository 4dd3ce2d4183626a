package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"domprobe/candidate"
	meanings "domprobe/candidate/words"
	"domprobe/internal/text"
)

// The bounds of ideas.
const (
	defaultIdeas = 200
	maxIdeas     = 2000
	maxIdeaWords = 4 // in a request
)

// An idea is a keyword, or a whole domain, that is made of the words of a request.
type idea struct {
	Keyword   string `json:"keyword"`
	Generator string `json:"generator"` // blend, combine, endings, affixes, hacks or about
	Score     int    `json:"score"`
}

// ideasFor returns what generators make of words, the best first. Of the generators
// that make the same keyword the first is named.
func ideasFor(given []string) []idea {
	all := []idea{} // none are an empty list in JSON
	known := map[string]bool{}
	for _, word := range given {
		known[word] = true
	}
	add := func(generator string, keywords ...string) {
		for _, k := range keywords {
			c := candidate.Parse(strings.TrimSuffix(k, ".") + ".com") // any TLD shows whether it can be a label
			if candidate.IsDomain(k) {
				c = candidate.Parse(k)
			}
			if c.Err == nil && !known[k] {
				known[k] = true
				all = append(all, idea{k, generator, scoreOf(k)})
			}
		}
	}
	if len(given) > 1 {
		for k := range candidate.Combine(given, 2, []string{"", "-"}) {
			add("combine", k)
		}
	}
	for k := range candidate.Blend(given) {
		add("blend", k)
	}
	prefixes, suffixes := candidate.Affixes()
	for _, word := range append([]string{strings.Join(given, "")}, given...) {
		add("endings", candidate.Endings(word)...)
		add("hacks", candidate.Hacks(word)...)
		for _, p := range prefixes {
			add("affixes", p+word)
		}
		for _, s := range suffixes {
			add("affixes", word+s)
		}
	}
	for _, about := range append([]string{strings.Join(given, " ")}, given...) {
		found, _ := meanings.Search(about, defaultAbout) // what cannot be searched has no meaning
		add("about", text.Of(found, func(r meanings.Result) string { return r.Word })...)
	}
	slices.SortStableFunc(all, func(a, b idea) int {
		return cmp.Or(b.Score-a.Score, len(a.Keyword)-len(b.Keyword), strings.Compare(a.Keyword, b.Keyword))
	})
	return all
}

// ideas answers with ideas for the words of a request.
func (s *Server) ideas(w http.ResponseWriter, r *http.Request) *problem {
	params := r.URL.Query()
	most := defaultIdeas
	for name, given := range params {
		switch {
		case name == "q":
		case name != "max":
			return unknownParameter(name)
		case assign(&most, given) != nil || most < 1 || most > maxIdeas:
			return problemf(http.StatusBadRequest, "max is a number from 1 to %d", maxIdeas)
		}
	}
	keywords := text.Distinct(strings.FieldsFunc(strings.ToLower(strings.Join(params["q"], " ")), func(c rune) bool {
		return c == ' ' || c == ','
	}))
	if len(keywords) == 0 || len(keywords) > maxIdeaWords {
		return problemf(http.StatusBadRequest, "q is 1 to %d words", maxIdeaWords)
	}
	for _, word := range keywords {
		if c := candidate.Parse(word + ".com"); c.Err != nil || candidate.IsDomain(word) {
			return problemf(http.StatusBadRequest, "%.100q is no word of a name", word)
		}
	}
	if p := s.charge(r, 1); p != nil {
		return p
	}
	all := ideasFor(keywords)
	w.Header().Set("Content-Type", formats["json"])
	w.Header().Set("Cache-Control", "private, max-age=3600") // they depend on the program alone
	// A client that has left needs no answer.
	_ = json.NewEncoder(w).Encode(struct {
		Ideas []idea `json:"ideas"`
	}{all[:min(most, len(all))]})
	return nil
}
