package cli

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/candidate"
	"domprobe/candidate/score"
	"domprobe/internal/cmdline"
	"domprobe/internal/term"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// A budget pays for the controls of every TLD, for all that the names under way can
// still take, and for another look at a server.
func TestBudget(t *testing.T) {
	sent := 0
	b := &budget{
		most: 100, sent: func() int { return sent }, tlds: map[string]bool{},
		opts: probe.Options{Servers: []resolver.Server{{Addr: "127.0.0.1:53"}}, Tries: 3},
	}
	each, controls := b.perName(), b.opts.Queries(1, 1)-1
	name := candidate.Key{Name: "a.dev", TLD: "dev"}
	open := 0
	for b.allows(name, open) {
		open++
	}
	if want := (100 - controls - b.reserve()) / each; open != want || b.exhausted() {
		t.Errorf("%d names under way, want %d; exhausted: %v", open, want, b.exhausted())
	}
	if b.allows(name, open-1) || !b.allows(name, 0) {
		t.Error("others follow before all names under way are through, or not after that")
	}
	b.full = false
	if b.allows(candidate.Key{Name: "a.io", TLD: "io"}, open-1) {
		t.Error("the controls of a second TLD are not counted")
	}
	sent = 100 - each - b.reserve()
	if !b.allows(name, 0) {
		t.Error("the last name is not allowed")
	}
	if sent++; b.allows(name, 0) || !b.exhausted() {
		t.Errorf("a name is allowed that can exceed the budget; exhausted: %v", b.exhausted())
	}
}

// A choice that takes long says so, how far it is and how long it may take.
func TestLongChoice(t *testing.T) {
	for text, set := range map[string]func(*selection){
		"":                                 func(*selection) {},
		"10 of 40 so far, about 12s to go": func(s *selection) { s.total, s.exact = big.NewInt(40), true },
		"10 so far":                        func(s *selection) { s.total = big.NewInt(40) },
	} {
		synctest.Test(t, func(t *testing.T) {
			var b strings.Builder
			gen, err := candidate.New(candidate.Options{TLDs: []string{"dev"}})
			if err != nil {
				t.Fatal(err)
			}
			s := &selection{console: term.New(&b), gen: gen}
			pass := patience + 1
			if set(s); text == "" {
				pass = patience - 1
			}
			names := s.told(0, func(yield func(candidate.Candidate, error) bool) {
				s.passed.Store(10)
				time.Sleep(pass)
			})
			for range names {
			}
			want := ""
			if text != "" {
				want = "domprobe: all names are scored before the best are asked about: " + text + "\n"
			}
			if time.Sleep(time.Hour); b.String() != want {
				t.Errorf("got %q, want %q", b.String(), want)
			}
		})
	}
}

// A score is that of the first label, also where labels come again.
func TestByScore(t *testing.T) {
	rank := byScore()
	for _, name := range []string{"swift.com", "swift.net", "swif.com", "swift.co.uk", "", "go"} {
		label, _, _ := strings.Cut(name, ".")
		if got, want := rank(name), score.Of(label).Total; got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

// The list has the best free names, whatever order they come in.
func TestBestList(t *testing.T) {
	var rows []probe.Result
	var want []string
	for i := range 40 {
		r := probe.Result{Verdict: probe.NotFound, Candidate: candidate.Candidate{Name: fmt.Sprintf("%c%c.dev", 'a'+i/10, 'a'+i%10)}}
		switch i % 4 {
		case 0:
			r.Verdict = probe.Found
		case 1:
			r.Reason = probe.RDAPNotRegistered
			want = append(want, r.Name)
		}
		rows = append(rows, r, r)
	}
	rank := func(name string) int { return int(name[0]+name[1]) % 5 }
	slices.SortFunc(want, func(a, b string) int { return bestRow{rank(a), a}.compare(bestRow{rank(b), b}) })
	for range 20 {
		rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		l := bestList{most: 7, confirming: true, rank: rank}
		for i := range rows {
			l.add(rows[i : i+1])
		}
		var got []string
		for _, row := range l.rows {
			got = append(got, row.name)
		}
		if !slices.Equal(got, want[:7]) {
			t.Fatalf("%q, want %q", got, want[:7])
		}
	}
}

// Names of a later pass tell what made them, as those of the first do.
func TestGeneratorOfEveryPass(t *testing.T) {
	g := generating{patterns: []string{"[ab]"}, shards: 1, forming: forming{makers: candidate.Makers{Endings: true}, blend: true}}
	g.names.TLDs = []string{"dev"}
	in, err := g.openInput(&invocation{Args: cmdline.Args{Words: []string{"motor", "hotel"}}})
	if err != nil {
		t.Fatal(err)
	}
	s := &selection{generating: &g, in: in, opts: g.names}
	s.opts.Origin = &in.origin
	if s.gen, err = s.generator(in.keywords()); err != nil {
		t.Fatal(err)
	}
	list := func(names candidates) (list []string) {
		for c := range names {
			list = append(list, c.Name+" "+c.Generator)
		}
		return list
	}
	first, again := list(s.all()), list(s.again())
	for _, want := range []string{"motor.dev ", "motel.dev blend", "motely.dev endings", "a.dev pattern"} {
		if !slices.Contains(first, want) || !slices.Contains(again, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if !slices.Equal(first, again) {
		t.Errorf("%q, and again %q", first, again)
	}
}
