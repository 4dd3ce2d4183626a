package cli

import (
	"math"
	"sync/atomic"

	"domprobe/candidate"
	"domprobe/candidate/words"
	"domprobe/internal/cmdline"
	"domprobe/internal/text"
)

// A naming is the settings of keywords by meaning, and of names by score.
type naming struct {
	about              []string
	aboutMax, minScore int
}

func (n *naming) options() []*cmdline.Option {
	n.aboutMax = 200
	return []*cmdline.Option{
		cmdline.Repeated(&n.about, "about", "",
			"add words that have to do with a `TEXT`, as domprobe words prints them: 'fast bird'").Common(),
		cmdline.Number(&n.aboutMax, "about-max", "",
			"take at most `N` words for each --about; 0 is no limit", 0, math.MaxInt),
		cmdline.Number(&n.minScore, "min-score", "",
			"leave out names with a score below `N`, see domprobe score; adds a column score to csv, tsv, json and jsonl", 0, 100).Common(),
	}
}

// addAbout adds the words of --about.
func (n *naming) addAbout(in *input) error {
	for _, about := range n.about {
		found, err := words.Search(about, n.aboutMax)
		switch {
		case err != nil:
			return cmdline.Usage("", "--about: %w", err)
		case len(found) == 0:
			return cmdline.Usage("fewer words may do", "--about %q: no word has to do with all of it", about)
		}
		in.addWords("about", text.Of(found, func(r words.Result) string { return r.Word })...)
		in.bare = true
	}
	return nil
}

// fit leaves out the names whose score is below --min-score, and counts them.
func (n *naming) fit(names candidates, count *atomic.Int64) candidates {
	if n.minScore == 0 {
		return names
	}
	rank := byScore()
	return candidate.Filter(names, func(c candidate.Candidate) bool {
		fits := rank(c.Name) >= n.minScore
		if !fits {
			count.Add(1)
		}
		return fits
	})
}
