package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
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
			return cmdline.Usage(cmdline.Hint(language, languages), "--words: %w", err)
		}
		in.addWords(words...)
		in.bare = true
		in.sources[len(in.sources)-1].generator = "words"
	}
	return g.naming.addAbout(in)
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
