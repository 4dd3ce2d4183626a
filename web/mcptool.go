package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/probe/rdap"
)

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
	if err := a.clients.wait(c.ctx, a.client, names.cost(q)); err != nil {
		return nil, err
	}
	rows, late, err := rowsOf(c, a.pick(q, v, a.client, maxCall).batches, names)
	if err != nil {
		return nil, err
	}
	out := newFindings(rows, &q.keeping)
	out.Made, out.Repeated, out.Truncated = made, names.repeated, late
	if !late && out.Counts.NotFound < q.Best && len(rows) == q.Budget && made > q.Budget {
		out.Note = fmt.Sprintf("the budget of %d names is used up; a larger one may find more", q.Budget)
	}
	return out, nil
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
	s.n, s.all = len(s.list), candidate.Stream(s.list...)
	return s
}
