package cli

import (
	"errors"
	"math"
	"strings"

	"domprobe/candidate/words"
	"domprobe/internal/cmdline"
	"domprobe/internal/term"
	"domprobe/internal/text"
)

// A finding is the settings of the command words.
type finding struct {
	format  string
	most    int
	license bool
}

// wordsCommand prints words by their meaning.
func wordsCommand() *command {
	f := &finding{most: 50}
	return &command{Command: cmdline.Command{
		Name:     "words",
		Summary:  "print words that have to do with a meaning, best first, offline",
		Synopsis: "words [flags] TEXT...",
		Examples: `  domprobe words fast bird                # ostrich, swift, ...
  domprobe words 'bir*' animal -n 5       # words that begin with bir
  domprobe words trust -f names | domprobe --resolver demo -t com -
`,
		Notes: "A word has to do with all words of the text: it has a meaning in common with them, they are in its gloss, " +
			"or it is a more special word. A word of the text with * at its end is how the words printed begin. " +
			"With --about the same words are keywords of a run. Words and glosses are those of WordNet 3.0, " +
			"copyright 2006 by Princeton University.",
		Options: []*cmdline.Option{
			tableFormat(&f.format, "columns", "names", "csv", "jsonl"),
			cmdline.Number(&f.most, "max", "n", "print at most `N` words; 0 is no limit", 0, math.MaxInt).Local().Common(),
			cmdline.Switch(&f.license, "license", "", "print the licence of WordNet").Local(),
		},
		Exits: map[int]string{
			codeOK:      "words are printed",
			codeNoMatch: "no word has to do with all of the text",
		},
	}, run: interruptible(f.run)}
}

func (f *finding) run(inv *invocation) error {
	if f.license {
		return inv.print(words.License)
	}
	if len(inv.Words) == 0 {
		return cmdline.Usage("try: domprobe words fast bird", "words needs a text")
	}
	found, err := words.Search(strings.Join(inv.Words, " "), f.most)
	if err != nil {
		return cmdline.Usage("", "%w", err)
	}
	if f.format == "names" {
		err = inv.print(strings.Join(text.Of(found, func(r words.Result) string { return r.Word + "\n" }), ""))
	} else {
		err = f.list(inv, found)
	}
	if err == nil && len(found) == 0 {
		err = &exitError{codeNoMatch, errors.New("no word has to do with all of the text; fewer words may do")}
	}
	return err
}

// minGloss is how much of a gloss is printed on a terminal however narrow it is.
const minGloss = 20

// list prints words with the reasons why. On a terminal a gloss ends with its line.
func (f *finding) list(inv *invocation, found []words.Result) error {
	widths := make([]int, 4)
	for _, r := range found {
		widths[0] = max(widths[0], len(r.Word))
		widths[1] = max(widths[1], len(r.Class))
		widths[2] = max(widths[2], len(r.Why))
	}
	l := newListing(inv.std.Out, f.format, widths, "word", "class", "why", "gloss")
	room := math.MaxInt // a line of the terminal holds the rest
	if width, _ := term.Size(inv.stdout); inv.terminal && width > 0 && f.format == "columns" {
		room = max(minGloss, width-1-widths[0]-widths[1]-widths[2]-3*2)
	}
	for _, r := range found {
		if err := l.add(r.Word, r.Class, r.Why, cut(r.Gloss, room)); err != nil {
			return err
		}
	}
	return l.close()
}
