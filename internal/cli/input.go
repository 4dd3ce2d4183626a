package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math/big"
	"os"
	"strings"

	"domprobe/candidate"
	"domprobe/candidate/pattern"
	"domprobe/internal/cmdline"
)

// An input is the sources of keywords. Its files are open from the start, so
// that one that cannot be read is known before anybody is asked.
type input struct {
	sources []source
	files   []*os.File
	lines   func(io.Reader) iter.Seq2[string, error] // how files are cut into lines
	literal bool                                     // lines are keywords as they are
	origin  candidate.Origin
	note    func(note, from string, keywords []string)
	bare    bool   // an argument or pattern needs a TLD
	word    string // the argument that does
	stdin   bool   // standard input is among the sources
	unique  bool   // it is certain that no keyword comes twice

	// refuse, if not nil, makes an error of the first keyword of a file that
	// needs a TLD.
	refuse func(source, word string) error
}

// A source is a sequence of keywords.
type source struct {
	name      string // of a file; empty for arguments
	generator string // of the keywords, in reports; empty if they were given
	keywords  iter.Seq2[string, error]
	again     iter.Seq2[string, error] // the same for a second loop; nil if it can be read only once
	count     func() amount            // nil to count again
}

// openInput opens the sources: arguments, files, word lists and patterns, or
// the default words.
func (g *generating) openInput(inv *invocation) (*input, error) {
	in := &input{lines: candidate.Lines, literal: g.null, note: inv.noteOnce()}
	if g.null {
		in.lines = candidate.Records
	}
	err := g.addAll(in, inv)
	if err == nil && len(in.sources) == 0 && len(g.patterns) == 0 {
		in.addWords(candidate.DefaultWords()...)
		in.bare = true
	}
	if err == nil {
		err = g.combined(in)
	}
	if err == nil {
		err = g.addPatterns(in)
	}
	if err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

func (g *generating) addAll(in *input, inv *invocation) error {
	for i, arg := range inv.Words {
		literal := i >= len(inv.Words)-inv.Literal
		switch err := looksLikeFile(arg); {
		case arg == "-":
			if err := in.addStdin(inv.std.In); err != nil {
				return err
			}
			continue
		case err != nil && !literal:
			return err
		}
		words := []string{arg}
		if !literal {
			words = in.meant(arg)
		}
		for _, word := range words {
			if !in.bare && !candidate.IsDomain(word) {
				in.bare, in.word = true, word
			}
		}
		in.addWords(words...)
	}
	for _, path := range g.inputs {
		if err := in.addFile(path, inv.std.In); err != nil {
			return err
		}
	}
	for _, language := range g.languages {
		words, err := candidate.Words(language)
		if err != nil {
			return cmdline.Usage("", "--words: %w", err)
		}
		in.addWords(words...)
		in.bare = true
		in.sources[len(in.sources)-1].generator = "words"
	}
	return nil
}

func (in *input) addWords(words ...string) {
	keywords := candidate.Strings(words...)
	in.sources = append(in.sources, source{keywords: keywords, again: keywords})
}

func (in *input) addStdin(r io.Reader) error {
	if in.stdin {
		return cmdline.Usage("", "standard input is named twice")
	}
	in.stdin = true
	f, _ := r.(*os.File)
	in.addReader("standard input", r, f)
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
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("read %s: it is a folder", path)
	}
	in.addReader(path, f, f)
	return nil
}

// addReader adds the keywords of r. If f, which may be nil, is a regular file,
// they can be read again.
func (in *input) addReader(name string, r io.Reader, f *os.File) {
	s := source{name: name, keywords: in.cleaned(named(name, in.lines(r)), in.meant)}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		start, _ := f.Seek(0, io.SeekCurrent) // regular files can be sought
		s.again = func(yield func(string, error) bool) {
			lines := in.lines(io.NewSectionReader(f, start, info.Size()-start))
			in.cleaned(lines, func(line string) []string { words, _ := candidate.Clean(line); return words })(yield)
		}
	}
	in.sources = append(in.sources, s)
}

// meant returns the keywords that pasted text means, and tells the user.
func (in *input) meant(text string) []string {
	words, note := candidate.Clean(text)
	if note != "" {
		in.note(note, text, words)
	}
	return words
}

// cleaned returns the keywords that lines mean.
func (in *input) cleaned(lines iter.Seq2[string, error], meant func(string) []string) iter.Seq2[string, error] {
	if in.literal {
		return lines
	}
	return func(yield func(string, error) bool) {
		for line, err := range lines {
			if err != nil {
				yield("", err)
				return
			}
			for _, word := range meant(line) {
				if !yield(word, nil) {
					return
				}
			}
		}
	}
}

// noteOnce returns a function that tells how text was understood, once for each
// note.
func (inv *invocation) noteOnce() func(note, from string, keywords []string) {
	seen := make(map[string]bool)
	return func(note, from string, keywords []string) {
		if fullStop := len(keywords) == 1 && keywords[0]+"." == from; !seen[note] && !fullStop {
			seen[note] = true
			inv.console.Note("%q is read as %s: %s", from, strings.Join(keywords, ", "), note)
		}
	}
}

// maxHeld bounds the keywords that are held in memory to be combined.
const maxHeld = 1 << 20

func collect(keywords iter.Seq2[string, error]) ([]string, error) {
	var words []string
	for word, err := range keywords {
		if err != nil {
			return nil, err
		}
		if len(words) == maxHeld {
			return nil, fmt.Errorf("more than %d keywords to combine", maxHeld)
		}
		words = append(words, strings.Clone(word))
	}
	return words, nil
}

// combined replaces the sources by combinations of their keywords. It reads all
// of them at once, without standard input.
func (g *generating) combined(in *input) error {
	switch {
	case g.combine == 0 && len(g.joins) > 0:
		return cmdline.Usage("try --combine 2", "--join is for --combine only")
	case g.combine == 0:
		return nil
	case len(in.sources) == 0:
		return cmdline.Usage("", "--combine needs keywords; those of a pattern do not count")
	}
	keywords := in.keywords()
	s := source{generator: "combine"}
	if in.stdin {
		s.keywords = func(yield func(string, error) bool) {
			words, err := collect(keywords)
			if err != nil {
				yield("", err)
				return
			}
			candidate.Combine(words, g.combine, g.joins)(yield)
		}
	} else {
		words, err := collect(keywords)
		if err != nil {
			return err
		}
		s.keywords = candidate.Combine(words, g.combine, g.joins)
		s.again = s.keywords
		s.count = func() amount { return countCombinations(words, g.combine, g.joins) }
		for _, err := range s.keywords {
			if err != nil {
				return cmdline.Usage("", "--combine: %w", err)
			}
			break
		}
	}
	in.sources = []source{s}
	return nil
}

// addPatterns adds the keywords of --pattern.
func (g *generating) addPatterns(in *input) error {
	if len(g.patterns) == 0 && g.shuffle != nil {
		return cmdline.Usage("", "--shuffle is for --pattern only")
	}
	for _, text := range g.patterns {
		p, err := pattern.Compile(text)
		if err != nil {
			return cmdline.Usage("", "%w", err)
		}
		keywords := p.All()
		if g.shuffle != nil {
			if !p.CanShuffle() {
				return cmdline.Usage("", "pattern %q: %w", text, pattern.ErrTooMany)
			}
			keywords = p.Shuffled(*g.shuffle)
		}
		dotted := strings.Contains(text, ".")
		in.bare = in.bare || !dotted
		in.unique = len(in.sources) == 0 && len(g.patterns) == 1 && p.Unique()
		in.sources = append(in.sources, source{generator: "pattern", keywords: keywords, again: keywords, count: func() amount {
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
		if in.refuse != nil && s.name != "" {
			seqs[i] = in.refusing(s)
		}
		if s.generator != "" {
			seqs[i] = in.origin.Tag(s.generator, seqs[i])
		}
	}
	return candidate.Concat(seqs...)
}

// refusing returns the keywords of a source up to the first that needs a TLD,
// which is an error.
func (in *input) refusing(s source) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for word, err := range s.keywords {
			if err == nil && !candidate.IsDomain(word) {
				word, err = "", in.refuse(s.name, word)
			}
			if !yield(word, err) || err != nil {
				return
			}
		}
	}
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
func (in *input) close() { closeAll(in.files) }

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
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

// An amount is how many keywords a source has, as far as that is known before
// they are read. The zero value is that of an unknown number.
type amount struct {
	words   *big.Int // to be put under TLDs; nil for none
	domains *big.Int // whole domains; nil for none
	exact   bool     // there are no more
}

func (s source) amount() amount {
	switch {
	case s.count != nil:
		return s.count()
	case s.again == nil:
		return amount{}
	}
	var words, domains int64
	for keyword, err := range s.again {
		switch {
		case err != nil: // it ends the run when it gets there
		case candidate.IsDomain(keyword):
			domains++
		default:
			words++
		}
	}
	return amount{big.NewInt(words), big.NewInt(domains), true}
}

func countCombinations(words []string, n int, joins []string) amount {
	all := candidate.CombineCount(words, n, joins)
	known := make(map[string]bool)
	for _, w := range words {
		if candidate.IsDomain(w) {
			known[strings.ToLower(w)] = true
		}
	}
	domains := big.NewInt(int64(len(known)))
	return amount{all.Sub(all, domains), domains, true}
}

// amount returns how many keywords all sources have together.
func (in *input) amount() amount {
	sum := amount{new(big.Int), new(big.Int), true}
	for _, s := range in.sources {
		a := s.amount()
		if a.words != nil {
			sum.words.Add(sum.words, a.words)
		}
		if a.domains != nil {
			sum.domains.Add(sum.domains, a.domains)
		}
		sum.exact = sum.exact && a.exact
	}
	return sum
}
