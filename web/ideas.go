package web

import (
	"cmp"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"strings"

	"domprobe/candidate"
	"domprobe/candidate/score"
	meanings "domprobe/candidate/words"
)

// The bounds of a request for ideas.
const (
	maxIdeaWords = 3
	maxIdeaText  = 100 // octets
	maxIdeas     = 90
	maxEach      = 24 // of one generator
)

// An idea is a keyword that the words of a text suggest.
type idea struct {
	Keyword   string `json:"keyword"`
	Generator string `json:"generator"`
	Score     int    `json:"score"`
}

// A muse makes keywords of the words of a text.
type muse struct {
	generator string
	keywords  func(words []string) []string
	ranked    bool // they are in a better order than that of their scores
}

var muses = []muse{
	{generator: "combine", keywords: func(words []string) []string {
		return allOf(candidate.Combine(words, len(words), []string{"", "-"}))
	}},
	{generator: "about", ranked: true, keywords: func(words []string) (made []string) {
		for _, word := range words {
			// A word without a meaning suggests nothing.
			found, _ := meanings.Search(word, maxEach/len(words))
			for _, f := range found {
				made = append(made, f.Word)
			}
		}
		return made
	}},
	{generator: "blend", keywords: func(words []string) []string { return allOf(candidate.Blend(words)) }},
	{generator: "endings", keywords: func(words []string) []string { return candidate.Endings(strings.Join(words, "")) }},
	{generator: "suffix", keywords: func(words []string) (made []string) {
		_, suffixes := candidate.Affixes()
		for _, suffix := range suffixes {
			made = append(made, strings.Join(words, "")+suffix)
		}
		return made
	}},
	{generator: "prefix", keywords: func(words []string) (made []string) {
		prefixes, _ := candidate.Affixes()
		for _, prefix := range prefixes {
			made = append(made, prefix+strings.Join(words, ""))
		}
		return made
	}},
	{generator: "hack", keywords: func(words []string) []string { return candidate.Hacks(strings.Join(words, "")) }},
}

// allOf returns the keywords of a generator. One that can make none of the words
// suggests nothing.
func allOf(keywords iter.Seq2[string, error]) (made []string) {
	for keyword, err := range keywords {
		if err == nil {
			made = append(made, keyword)
		}
	}
	return made
}

// suggest returns ideas for words: the best of each muse first, and the muses in
// turn.
func suggest(words []string) []idea {
	known := map[string]bool{}
	for _, word := range words {
		known[word] = true
	}
	var each [][]idea
	for _, m := range muses {
		var ideas []idea
		for _, keyword := range m.keywords(words) {
			if known[keyword] {
				continue
			}
			known[keyword] = true
			ideas = append(ideas, idea{keyword, m.generator, score.Of(strings.ReplaceAll(keyword, ".", "")).Total})
		}
		if !m.ranked {
			slices.SortStableFunc(ideas, func(a, b idea) int { return cmp.Compare(b.Score, a.Score) })
		}
		each = append(each, ideas[:min(len(ideas), maxEach)])
	}
	all := []idea{}
	for i := range maxEach {
		for _, ideas := range each {
			if i < len(ideas) && len(all) < maxIdeas {
				all = append(all, ideas[i])
			}
		}
	}
	return all
}

// ideas answers with ideas for the words of a text.
func (s *Server) ideas(w http.ResponseWriter, r *http.Request) *problem {
	params := r.URL.Query()
	text := params.Get("q")
	if len(params) != 1 || len(params["q"]) != 1 || len(text) > maxIdeaText {
		return problemf(http.StatusBadRequest, "this path takes one q of at most %d octets", maxIdeaText)
	}
	words := slices.Compact(strings.Fields(strings.ToLower(text)))
	if len(words) == 0 || len(words) > maxIdeaWords {
		return problemf(http.StatusBadRequest, "q is one to %d words", maxIdeaWords)
	}
	done, p := s.admit(r, 1)
	if p != nil {
		return p
	}
	defer done()
	w.Header().Set("Content-Type", formats["json"])
	// A client that has left needs no answer.
	_ = json.NewEncoder(w).Encode(suggest(words))
	return nil
}
