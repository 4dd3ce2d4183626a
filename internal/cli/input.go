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
)

// An input is where keywords come from. Its files are open from the start, so
// that one that cannot be read is known before anything is asked.
type input struct {
	seqs  []iter.Seq2[string, error]
	files []*os.File
	bare  bool // a keyword is known to need a TLD
	stdin bool // standard input is among the sources
}

// openInput opens the sources that the arguments and flags name: arguments,
// then files, then word lists. Without any it is the default words.
func openInput(inv *invocation) (*input, error) {
	in := &input{}
	for _, arg := range inv.args {
		if arg == "-" {
			if err := in.addStdin(inv.std.In); err != nil {
				return nil, err
			}
			continue
		}
		in.bare = in.bare || !isDomain(arg)
		in.seqs = append(in.seqs, candidate.Strings(arg))
	}
	for _, path := range inv.flags.StringSlice("input") {
		if err := in.addFile(path, inv.std.In); err != nil {
			in.close()
			return nil, err
		}
	}
	for _, language := range values(inv.flags, "words") {
		words, err := candidate.Words(language)
		if err != nil {
			in.close()
			return nil, usageError("", "--words: %w", err)
		}
		in.addWords(words)
	}
	if len(in.seqs) == 0 {
		in.addWords(candidate.DefaultWords())
	}
	return in, nil
}

func (in *input) addWords(words []string) {
	in.bare = true
	in.seqs = append(in.seqs, candidate.Strings(words...))
}

func (in *input) addStdin(r io.Reader) error {
	if in.stdin {
		return usageError("", "standard input is named twice")
	}
	in.stdin = true
	in.seqs = append(in.seqs, named("standard input", candidate.Lines(r)))
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
	in.seqs = append(in.seqs, named(path, candidate.Lines(f)))
	return nil
}

// keywords returns the keywords of all sources, for one loop.
func (in *input) keywords() iter.Seq2[string, error] { return candidate.Concat(in.seqs...) }

// close closes the files. What was read from them is not affected.
func (in *input) close() {
	for _, f := range in.files {
		f.Close()
	}
}

// has reports whether the file at path is one of the input's.
func (in *input) has(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	for _, f := range in.files {
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
