// Package morph finds the base forms of English words by the rules of Morphy,
// the morphology of WordNet (morphy(7WN)). The exceptions, such as geese for
// goose, are lists of WordNet that come from outside.
package morph

import "strings"

// A Class is a part of speech.
type Class uint8

// The classes, in the order of WordNet's files.
const (
	Noun Class = iota
	Verb
	Adjective
	Adverb
	Classes
)

// String returns the letter that stands for the class in WordNet.
func (c Class) String() string { return "nvar"[c:][:1] }

// rules are the endings of each class, with what stands in their place in the
// base form.
var rules = [Classes][][2]string{
	Noun: {
		{"s", ""}, {"ses", "s"}, {"xes", "x"}, {"zes", "z"}, {"ches", "ch"}, {"shes", "sh"}, {"men", "man"}, {"ies", "y"},
	},
	Verb:      {{"s", ""}, {"ies", "y"}, {"es", "e"}, {"es", ""}, {"ed", "e"}, {"ed", ""}, {"ing", "e"}, {"ing", ""}},
	Adjective: {{"er", ""}, {"est", ""}, {"er", "e"}, {"est", "e"}},
}

// Regular returns the forms without an ending of the class that can be the base
// of word. Which of them are words is for the caller to say.
func Regular(word string, class Class) (forms []string) {
	if class == Noun && strings.HasSuffix(word, "ss") {
		return nil
	}
	for _, rule := range rules[class] {
		if stem, ok := strings.CutSuffix(word, rule[0]); ok && len(stem) > 1 {
			forms = append(forms, stem+rule[1])
		}
	}
	return forms
}
