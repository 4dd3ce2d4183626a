package cli

import (
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

// An input is the sources of keywords. Their files are open from the start, so
// that one that cannot be read is known before anybody is asked.
type input struct {
	sources []source
	origin  candidate.Origin
	bare    bool   // an argument or pattern needs a TLD
	word    string // the argument that does
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

// openInput opens the sources: arguments, files, word lists, what is made of these,
// and patterns, or the default words.
func (g *generating) openInput(inv *invocation) (*input, error) {
	in := new(input)
	if err := g.addAll(in, inv); err != nil {
		return nil, err
	}
	if len(in.sources) == 0 && len(g.patterns) == 0 && g.syllables == 0 {
		in.addWords("", candidate.DefaultWords()...)
		in.bare = true
	}
	if g.ranked {
		in.repeatable()
	}
	if err := g.combined(in, inv.stdin); err != nil {
		return nil, err
	}
	if err := g.blended(in); err != nil {
		return nil, err
	}
	return in, g.addPatterns(in)
}

func (g *generating) addAll(in *input, inv *invocation) error {
	for i, arg := range inv.Words {
		if arg == "-" {
			if err := g.addFile(in, inv, arg); err != nil {
				return err
			}
			continue
		}
		words, err := inv.keywordsOf(i)
		if err != nil {
			return err
		}
		for _, word := range words {
			if !in.bare && !candidate.IsDomain(word) {
				in.bare, in.word = true, word
			}
		}
		in.addWords("", words...)
	}
	for _, path := range g.inputs {
		if err := g.addFile(in, inv, path); err != nil {
			return err
		}
	}
	for _, language := range g.languages {
		words, err := candidate.Words(language)
		if err != nil {
			return cmdline.Usage(cmdline.Hint(language, languages), "--words: %w", err)
		}
		in.addWords("words", words...)
		in.bare = true
	}
	return g.addAbout(in)
}

func (in *input) addWords(generator string, words ...string) {
	keywords := candidate.Stream(words...)
	in.sources = append(in.sources, source{generator: generator, keywords: keywords, again: keywords})
}

// gzipMagic begins a gzip file (RFC 1952).
const gzipMagic = "\x1f\x8b"

// addFile adds the keywords of a file. Those of a regular file can be read again.
func (g *generating) addFile(in *input, inv *invocation, path string) error {
	name, r, err := inv.open(path)
	if err != nil {
		return err
	}
	lines := func(r io.Reader, meant func(string) []string) iter.Seq2[string, error] {
		if g.null {
			return named(name, candidate.Records(r))
		}
		return cleaned(named(name, candidate.Lines(r)), meant)
	}
	s := source{name: name, keywords: lines(r, inv.meant)}
	f, _ := r.(*os.File)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		start, _ := f.Seek(0, io.SeekCurrent) // regular files can be sought
		magic := make([]byte, len(gzipMagic))
		if _, err := f.ReadAt(magic, start); err == nil && string(magic) == gzipMagic {
			return cmdline.Usage("try: zcat "+path+" | domprobe -t com -", "%s is compressed", name)
		}
		s.again = func(yield func(string, error) bool) {
			quietly := func(line string) []string { words, _ := candidate.Clean(line); return words }
			lines(io.NewSectionReader(f, start, info.Size()-start), quietly)(yield)
		}
	}
	in.sources = append(in.sources, s)
	return nil
}

// addPatterns adds the keywords of --pattern and --syllables.
func (g *generating) addPatterns(in *input) error {
	if len(g.patterns) == 0 && g.syllables == 0 && g.shuffle != nil {
		return cmdline.Usage("", "--shuffle is for --pattern only")
	}
	for _, text := range g.patterns {
		p, err := pattern.Compile(text)
		if err != nil {
			return cmdline.Usage("", "%w", err)
		}
		if g.shuffle != nil && !p.CanShuffle() {
			return cmdline.Usage("", "pattern %q: %w", text, pattern.ErrTooMany)
		}
		g.addPattern(in, "pattern", p, strings.Contains(text, "."))
	}
	if g.syllables == 0 {
		return nil
	}
	p, err := pattern.Syllables(g.syllables)
	g.addPattern(in, "syllables", p, false)
	return err
}

// addPattern adds the keywords of a pattern, which are dotted if it has a dot.
func (g *generating) addPattern(in *input, generator string, p *pattern.Pattern, dotted bool) {
	keywords := p.All()
	if g.shuffle != nil {
		keywords = p.Shuffled(*g.shuffle)
	}
	in.bare = in.bare || !dotted
	in.unique = len(in.sources) == 0 && p.Unique()
	in.sources = append(in.sources, source{generator: generator, keywords: keywords, again: keywords, count: func() amount {
		if dotted { // most likely all of its keywords are whole domains
			return amount{domains: *p.Count()}
		}
		return amount{words: *p.Count(), exact: true}
	}})
}

// keywords returns the keywords of all sources, for one loop.
func (in *input) keywords() iter.Seq2[string, error] {
	seqs := make([]iter.Seq2[string, error], len(in.sources))
	for i, s := range in.sources {
		seqs[i] = in.tagged(s, s.keywords)
		if in.refuse != nil && s.name != "" {
			seqs[i] = in.refusing(s)
		}
	}
	return candidate.Concat(seqs...)
}

// tagged returns keywords of a source, as made by its generator.
func (in *input) tagged(s source, keywords iter.Seq2[string, error]) iter.Seq2[string, error] {
	if s.generator == "" {
		return keywords
	}
	return in.origin.Tag(s.generator, keywords)
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
		seqs[i] = in.tagged(s, s.again)
	}
	return candidate.Concat(seqs...)
}

// named puts the name of a source before the error of its sequence.
func named[T any](name string, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for s, err := range seq {
			if err != nil && !is[*fs.PathError](err) { // which carries the name already
				err = fmt.Errorf("%s: %w", name, err)
			}
			if !yield(s, err) {
				return
			}
		}
	}
}
