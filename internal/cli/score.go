package cli

import (
	"strings"

	"domprobe/candidate/score"
	"domprobe/internal/cmdline"
)

// A scoring is the settings of the command score.
type scoring struct {
	gen    generating // of which only the inputs are used
	format string
}

// scoreCommand prints how good words are as names.
func scoreCommand() *command {
	s := new(scoring)
	return &command{Command: cmdline.Command{
		Name:     "score",
		Summary:  "print how good words are as names, from 0 to 100, with the parts of the score",
		Synopsis: "score [flags] WORD...",
		Examples: `  domprobe score swift qxvzkwj get-word
  domprobe score -i words.txt -f csv
  domprobe words trust -f names | domprobe score - -f jsonl
`,
		Notes: "sound is how much the letters follow one another as in English words, spelling how surely somebody who hears " +
			"the name spells it, length is 100 up to 6 characters, and marks is 100 without hyphens and digits. Of a domain " +
			"the first label is scored. docs/naming.md has the formula. --min-score and --sort score use it in a run.",
		Options: []*cmdline.Option{
			cmdline.Repeated(&s.gen.inputs, "input", "i", "read words from this `FILE`, a line each; - is standard input").Local().Common(),
			tableFormat(&s.format, "columns", "csv", "jsonl"),
		},
		Exits: map[int]string{codeOK: "the words are scored"},
	}, run: interruptible(s.run)}
}

func (s *scoring) run(inv *invocation) error {
	if len(inv.Words)+len(s.gen.inputs) == 0 {
		return cmdline.Usage("try: domprobe score swift", "score needs a word")
	}
	in, err := s.gen.openInput(inv)
	if err != nil {
		return err
	}
	l := newListing(inv.std.Out, s.format, []int{20, 0, 0, 0, 0, 0},
		"word", "score", "sound", "spelling", "length", "marks")
	for word, err := range in.keywords() {
		if err != nil {
			_ = l.close() // what could be scored
			return err
		}
		label, _, _ := strings.Cut(word, ".")
		n := score.Of(label)
		err := l.add(word, n.Total, n.Sound, n.Spelling, n.Length, n.Marks)
		if err == nil && inv.stdin && inv.terminal { // somebody may wait for it
			err = l.close()
		}
		if err != nil {
			return err
		}
	}
	return l.close()
}
