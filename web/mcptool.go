package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/probe/rdap"
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
// is a list, and not null: clients take the words of a user by their one type.
func schemaOf[Args any](complete func(map[string]*jsonschema.Schema)) *jsonschema.Schema {
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
}

func enum[T any](values []T) (all []any) {
	for _, v := range values {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

// probeNames is the tool probe_names.
func (a *assistant) probeNames(c *call, in probeArgs) (*findings, error) {
	v, p := a.verdictsWith(More{Confirm: in.Confirm, Dates: in.Dates, ForSale: in.ForSale, Parked: in.ForSale})
	if p != nil {
		return nil, errors.New(p.Detail)
	}
	done, err := a.admit(c, len(in.Names))
	if err != nil {
		return nil, err
	}
	defer done()
	names := listed(in.Names)
	rows, late, err := rowsOf(c, v.batches, names)
	if err != nil {
		return nil, err
	}
	inOrder(rows, names.list)
	out := newFindings(rows, new(keeping))
	out.Repeated = names.repeated
	if out.Truncated = late; late {
		settled := map[string]bool{}
		for _, r := range rows {
			settled[r.Name] = true
		}
		for _, name := range names.list {
			if !settled[name.Name] {
				out.Pending = append(out.Pending, name.Name)
			}
		}
	}
	return out, nil
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
	for _, g := range in.Generators {
		switch g {
		case "affixes":
			q.Affixes = true
		case "blend":
			q.Blend = true
		case "combine":
			q.Combine = 2
		case "endings":
			q.Endings = true
		case "typos":
			q.Typos = true
		case "hacks":
			q.Hacks = true
		}
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

// findNames is the tool find_names.
func (a *assistant) findNames(c *call, in findArgs) (*findings, error) {
	q := in.query()
	_, p := a.cost(q)
	if p != nil {
		return nil, errors.New(p.Detail)
	}
	v, p := a.verdictsWith(q.More)
	if p != nil {
		return nil, errors.New(p.Detail)
	}
	done, err := a.admit(c, 1)
	if err != nil {
		return nil, err
	}
	defer done()
	names, p := q.names(c.ctx, maxRanked)
	if p != nil {
		return nil, errors.New(p.Detail)
	}
	made := names.n
	names.n = q.most(made, maxCall)
	best := &pick{choosing: q.choosing, ask: v.batches, places: a.rankings, admit: func(ctx context.Context, n int) error {
		return a.clients.wait(ctx, a.client, n)
	}}
	rows, late, err := rowsOf(c, best.batches, names)
	if err != nil {
		return nil, err
	}
	out := newFindings(rows, &q.keeping)
	out.Made, out.Repeated, out.Truncated = made, names.repeated, late
	if !late && out.Counts.NotFound < q.Best && out.asked() == q.Budget && made > q.Budget {
		out.Note = fmt.Sprintf("the budget of %d names is used up; a larger one may find more", q.Budget)
	}
	return out, nil
}

// A nameArgs is the argument of a tool for one domain.
type nameArgs struct {
	Name string `json:"name" jsonschema:"a whole domain, such as go.dev"`
}

// explainName is the tool explain_name.
func (a *assistant) explainName(c *call, in nameArgs) (*explanation, error) {
	if a.opts.Explain == nil {
		return nil, errors.New("this server does not explain verdicts")
	}
	done, err := a.admit(c, 1)
	if err != nil {
		return nil, err
	}
	defer done()
	began := time.Now()
	r, events, err := a.opts.Explain(c.ctx, in.Name)
	if err != nil {
		return nil, cmp.Or(context.Cause(c.ctx), err)
	}
	out := &explanation{nameRow: rowOf(&r), Meaning: meaningOf(r.Reason), Rcode: dns.RcodeToString[r.Rcode], Server: r.Server, Steps: []string{}}
	for i, e := range events {
		if out.Truncated = i == maxSteps; out.Truncated {
			break
		}
		out.Steps = append(out.Steps, stepOf(e, began))
	}
	return out, nil
}

// registryData is the tool registry_data.
func (a *assistant) registryData(c *call, in nameArgs) (*registryWord, error) {
	if a.opts.Registry == nil {
		return nil, errors.New("this server does not ask registries")
	}
	name := candidate.Parse(in.Name)
	if name.Err != nil {
		return nil, name.Err
	}
	done, err := a.admit(c, 1)
	if err != nil {
		return nil, err
	}
	defer done()
	said := a.opts.Registry.Ask(c.ctx, name.Name)
	if c.ctx.Err() != nil && !c.late() {
		return nil, context.Cause(c.ctx)
	}
	return newRegistryWord(name, said), nil
}

// A Registry asks registries about domains. A [*rdap.Client] is one.
type Registry interface {
	Ask(ctx context.Context, name string) rdap.Answer
}

// listed returns names for a search, each once.
func listed(names []string) *nameSet {
	s := new(nameSet)
	known := map[candidate.Key]bool{}
	for _, name := range names {
		c := candidate.Parse(strings.TrimSpace(name))
		if known[c.Key()] {
			s.repeated++
			continue
		}
		known[c.Key()] = true
		s.list = append(s.list, c)
	}
	s.n, s.all = len(s.list), streamed(s.list)
	return s
}
