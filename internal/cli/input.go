package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"domprobe/candidate"
	"domprobe/candidate/pattern"
)

// An input is where keywords come from. Its files are open from the start, so
// that one that cannot be read is known before anything is asked.
type input struct {
	sources []source
	files   []*os.File
	lines   func(io.Reader) iter.Seq2[string, error] // how files are cut into keywords
	bare    bool                                     // a keyword is known to need a TLD
	stdin   bool                                     // standard input is among the sources
	unique  bool                                     // it is certain that no keyword comes twice
}

// A source is a sequence of keywords.
type source struct {
	keywords iter.Seq2[string, error]
	again    iter.Seq2[string, error] // the same for a second loop; nil for what can be read only once
	count    func() amount            // nil to count again
}

// openInput opens the sources that the arguments and flags name: arguments,
// files, word lists, and patterns. Without any it is the default words.
func openInput(inv *invocation) (*input, error) {
	in := &input{lines: candidate.Lines}
	if inv.flags.Bool("null") {
		in.lines = candidate.Records
	}
	err := in.open(inv)
	if err == nil && len(in.sources) == 0 && len(inv.flags.StringSlice("pattern")) == 0 {
		in.addWords(candidate.DefaultWords()...)
	}
	if err == nil {
		err = in.combine(inv.flags)
	}
	if err == nil {
		err = in.addPatterns(inv.flags)
	}
	if err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

func (in *input) open(inv *invocation) error {
	for _, arg := range inv.args {
		if arg != "-" {
			in.addWords(arg)
		} else if err := in.addStdin(inv.std.In); err != nil {
			return err
		}
	}
	for _, path := range inv.flags.StringSlice("input") {
		if err := in.addFile(path, inv.std.In); err != nil {
			return err
		}
	}
	for _, language := range values(inv.flags, "words") {
		words, err := candidate.Words(language)
		if err != nil {
			return usageError("", "--words: %w", err)
		}
		in.addWords(words...)
	}
	return nil
}

func (in *input) addWords(words ...string) {
	for _, word := range words {
		in.bare = in.bare || !isDomain(word)
	}
	keywords := candidate.Strings(words...)
	in.sources = append(in.sources, source{keywords: keywords, again: keywords})
}

func (in *input) addStdin(r io.Reader) error {
	if in.stdin {
		return usageError("", "standard input is named twice")
	}
	in.stdin = true
	in.sources = append(in.sources, source{keywords: named("standard input", in.lines(r))})
	return nil
}

func (in *input) addFile(path string, stdin io.Reader) error {
	if path == "-" {
		return in.addStdin(stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	in.files = append(in.files, f)
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		return fmt.Errorf("read %s: it is a folder", path)
	}
	s := source{keywords: named(path, in.lines(f))}
	if err == nil && info.Mode().IsRegular() {
		s.again = func(yield func(string, error) bool) {
			in.lines(io.NewSectionReader(f, 0, info.Size()))(yield)
		}
	}
	in.sources = append(in.sources, s)
	return nil
}

// combine puts what --combine makes of the keywords in their place. It needs
// them all, and reads them at once, but for standard input.
func (in *input) combine(flags *cli.Context) error {
	n, joins := flags.Int("combine"), values(flags, "join")
	switch {
	case !flags.IsSet("combine") && len(joins) > 0:
		return usageError("try --combine 2", "--join is for --combine only")
	case !flags.IsSet("combine"):
		return nil
	case n < 2:
		return usageError("", "--combine %d is not at least 2", n)
	case len(in.sources) == 0:
		return usageError("", "--combine needs keywords; those of a pattern do not count")
	}
	keywords := in.keywords()
	var s source
	if !in.stdin {
		words, err := collect(keywords)
		if err != nil {
			return err
		}
		for _, err := range candidate.Combine(words, n, joins) {
			if err != nil {
				return usageError("", "--combine: %w", err)
			}
			break
		}
		keywords = candidate.Strings(words...)
		s.again = candidate.Combine(words, n, joins)
		s.count = func() amount { return countCombinations(words, n, joins) }
	}
	s.keywords = func(yield func(string, error) bool) {
		words, err := collect(keywords)
		if err != nil {
			yield("", err)
			return
		}
		candidate.Combine(words, n, joins)(yield)
	}
	in.sources = []source{s}
	return nil
}

// maxCombined bounds the words that are held in memory to be combined.
const maxCombined = 1 << 20

func collect(keywords iter.Seq2[string, error]) ([]string, error) {
	var words []string
	for word, err := range keywords {
		if err != nil {
			return nil, err
		}
		if len(words) == maxCombined {
			return nil, fmt.Errorf("more than %d keywords to combine", maxCombined)
		}
		words = append(words, strings.Clone(word))
	}
	return words, nil
}

// addPatterns adds the keywords that --pattern stands for.
func (in *input) addPatterns(flags *cli.Context) error {
	patterns := flags.StringSlice("pattern")
	if len(patterns) == 0 && flags.IsSet("shuffle") {
		return usageError("", "--shuffle is for --pattern only")
	}
	for _, text := range patterns {
		p, err := pattern.Compile(text)
		if err != nil {
			return usageError("", "%w", err)
		}
		keywords := p.All()
		if flags.IsSet("shuffle") {
			if !p.CanShuffle() {
				return usageError("", "pattern %q: %w", text, pattern.ErrTooMany)
			}
			keywords = p.Shuffled(flags.Uint64("shuffle"))
		}
		dotted := strings.Contains(text, ".")
		in.bare = in.bare || !dotted
		in.unique = len(in.sources) == 0 && len(patterns) == 1 && p.Unique()
		in.sources = append(in.sources, source{keywords: keywords, again: keywords, count: func() amount {
			if dotted { // most likely all of its keywords are whole domains
				return amount{domains: p.Count()}
			}
			return amount{words: p.Count(), exact: true}
		}})
	}
	return nil
}

// keywords returns the keywords of all sources, for one loop.
func (in *input) keywords() iter.Seq2[string, error] {
	seqs := make([]iter.Seq2[string, error], len(in.sources))
	for i, s := range in.sources {
		seqs[i] = s.keywords
	}
	return candidate.Concat(seqs...)
}

// again returns the keywords of all sources for a second loop, and nil if some
// can be read only once.
func (in *input) again() iter.Seq2[string, error] {
	seqs := make([]iter.Seq2[string, error], len(in.sources))
	for i, s := range in.sources {
		if s.again == nil {
			return nil
		}
		seqs[i] = s.again
	}
	return candidate.Concat(seqs...)
}

// close closes the files. What was read from them is not affected.
func (in *input) close() {
	for _, f := range in.files {
		f.Close()
	}
}

// isOneOf reports whether path is the name of one of the open files.
func isOneOf(path string, files []*os.File) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	for _, f := range files {
		if other, err := f.Stat(); err == nil && os.SameFile(info, other) {
			return true
		}
	}
	return false
}

// named puts the name of a source before the error of its sequence.
func named(name string, seq iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for s, err := range seq {
			var file *fs.PathError // which carries the name already
			if err != nil && !errors.As(err, &file) {
				err = fmt.Errorf("%s: %w", name, err)
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// isDomain reports whether a keyword is a whole domain: one with a dot, or with
// a character that becomes one (UTS 46 section 4, step 2).
func isDomain(keyword string) bool { return strings.ContainsAny(keyword, ".。．｡") }
