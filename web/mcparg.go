package web

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"

	"domprobe/candidate"
	"domprobe/probe"
)

// A probeArgs is the arguments of probe_names. Their documentation is in the schema.
type probeArgs struct {
	Names   []string `json:"names" jsonschema:"whole domains, such as go.dev, at most 1000"`
	Confirm bool     `json:"confirm,omitempty" jsonschema:"also ask the registry about each name that is not found; about one name a second at one registry"`
	ForSale bool     `json:"for_sale,omitempty" jsonschema:"also ask whether the owner of each name that is found offers it, and where it seems to be parked"`
	Dates   bool     `json:"dates,omitempty" jsonschema:"also ask the registry about each name that is found, for registrar and dates; about one name a second at one registry"`
}

var probeSchema = schemaOf[probeArgs](func(p map[string]*jsonschema.Schema) {
	p["names"].MinItems, p["names"].MaxItems = jsonschema.Ptr(1), jsonschema.Ptr(maxCall)
})

// A findArgs is the arguments of find_names.
type findArgs struct {
	Keywords   []string `json:"keywords,omitempty" jsonschema:"names without their TLD, which the generators work on too"`
	About      []string `json:"about,omitempty" jsonschema:"adds words that have to do with all words of a text, such as: fast bird"`
	Patterns   []string `json:"patterns,omitempty" jsonschema:"adds the keywords of patterns: [a-z]{3}; \\c\\v\\c\\v where \\c is a consonant and \\v a vowel; (get|try)\\d"`
	Generators []string `json:"generators,omitempty" jsonschema:"what is made of the keywords besides"`
	Syllables  int      `json:"syllables,omitempty" jsonschema:"adds pronounceable keywords of so many syllables"`
	Exclude    []string `json:"exclude,omitempty" jsonschema:"words and domains to leave out; * is any characters, ? is one"`
	Prefixes   []string `json:"prefixes,omitempty" jsonschema:"words that are also put before each keyword"`
	Suffixes   []string `json:"suffixes,omitempty" jsonschema:"words that are also put after each keyword"`
	TLDs       []string `json:"tlds,omitempty" jsonschema:"such as com, dev, co.uk"`
	Preset     string   `json:"preset,omitempty" jsonschema:"a set of TLDs, which are added to those given; the resource domprobe://tlds lists them"`
	MinLength  int      `json:"min_length,omitempty" jsonschema:"of the first label"`
	MaxLength  int      `json:"max_length,omitempty" jsonschema:"of the first label"`
	MinScore   int      `json:"min_score,omitempty" jsonschema:"leaves out names with a lower score, from 0 to 100"`
	Best       int      `json:"best,omitempty" jsonschema:"how many names that are not found are wanted; the default is 20"`
	Budget     int      `json:"budget,omitempty" jsonschema:"how many names are asked about at most; the default is 500"`
	Only       []string `json:"only,omitempty" jsonschema:"the verdicts of the names returned; the default is not-found, with for_sale also for-sale"`
	ForSale    bool     `json:"for_sale,omitempty" jsonschema:"also ask whether the owner of each name that is found offers it, and return these names too"`
	Confirm    bool     `json:"confirm,omitempty" jsonschema:"also ask the registry about each name that is not found; about one name a second at one registry"`
}

// The defaults of find_names.
const (
	defaultBest   = 20
	defaultBudget = 500
)

var findSchema = schemaOf[findArgs](func(p map[string]*jsonschema.Schema) {
	p["preset"].Enum = enum(candidate.Presets())
	p["generators"].Items.Enum = enum(generators)
	p["only"].Items.Enum = append(enum(probe.Verdicts()), saleWord)
	for _, name := range []string{"best", "budget"} {
		p[name].Minimum, p[name].Maximum = jsonschema.Ptr(1.0), jsonschema.Ptr(float64(maxCall))
	}
})

// generators are those that need no more than their name.
var generators = []string{"affixes", "blend", "combine", "endings", "typos", "hacks"}

// schemaOf returns the schema of arguments with more about their properties. A list
// is a list, and not null: clients take the words of a user by their one type. It is
// made with its first use, as few runs of the program have tools.
func schemaOf[Args any](complete func(map[string]*jsonschema.Schema)) func() *jsonschema.Schema {
	return sync.OnceValue(func() *jsonschema.Schema {
		s, err := jsonschema.For[Args](nil)
		if err != nil {
			panic(err) // the type is wrong
		}
		for _, p := range s.Properties {
			if len(p.Types) > 0 {
				p.Type, p.Types = p.Types[len(p.Types)-1], nil
			}
		}
		complete(s.Properties)
		return s
	})
}

func enum[T any](values []T) (all []any) {
	for _, v := range values {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

// query returns the search that the arguments ask for.
func (in *findArgs) query() *query {
	q := &query{Keyword: in.Keywords, TLD: in.TLDs, Prefix: in.Prefixes, Suffix: in.Suffixes}
	q.About, q.Pattern = in.About, in.Patterns
	q.MinLen, q.MaxLen, q.MinScore = in.MinLength, in.MaxLength, in.MinScore
	q.Syllables, q.Exclude = in.Syllables, in.Exclude
	q.Best, q.Budget = cmp.Or(in.Best, defaultBest), cmp.Or(in.Budget, defaultBudget)
	q.Confirm = in.Confirm
	if in.Preset != "" {
		q.Preset = words{in.Preset}
	}
	has := func(generator string) bool { return slices.Contains(in.Generators, generator) }
	q.Affixes, q.Blend, q.Endings = has("affixes"), has("blend"), has("endings")
	q.Typos, q.Hacks = has("typos"), has("hacks")
	if has("combine") {
		q.Combine = 2
	}
	q.ForSale, q.Only = in.ForSale, in.Only
	if len(q.Only) == 0 {
		q.Only = words{probe.NotFound.String()}
		if q.ForSale {
			q.Only = append(q.Only, saleWord)
		}
	}
	return q
}

// A nameArgs is the argument of a tool for one domain.
type nameArgs struct {
	Name string `json:"name" jsonschema:"a whole domain, such as go.dev"`
}
