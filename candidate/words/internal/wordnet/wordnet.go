// Package wordnet reads the database files of WordNet 3.0, whose format is that
// of wndb(5WN).
package wordnet

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"domprobe/candidate/words/internal/morph"
)

// A Synset is one meaning, with the words for it.
type Synset struct {
	Class  morph.Class
	Lemmas []Lemma
	Gloss  string // without examples

	// Parents are the meanings that are more general: the hypernyms, and of an
	// adjective that is a satellite its head.
	Parents []int

	// Related are the meanings of words derived from its words, such as speedy
	// for speed, and those that its entry refers to.
	Related []int
}

// A Lemma is a word for a meaning.
type Lemma struct {
	Word  string // in lower case
	Sense int    // the place of the meaning among those of the word, from 1
	Count int    // how often the word was seen with this meaning
}

// A Database is what was read. A synset is known by its place in the slice.
type Database struct {
	Synsets    []Synset
	Exceptions [morph.Classes]map[string][]string // inflected form -> base forms
}

var names = [morph.Classes]string{"noun", "verb", "adj", "adv"}

// Read reads the files in a folder.
func Read(dir string) (*Database, error) {
	r := &reader{
		dir:    dir,
		places: make(map[string]int),
		counts: make(map[string]int),
	}
	if err := r.readLines("cntlist.rev", r.count); err != nil {
		return nil, err
	}
	for class, name := range names {
		r.db.Exceptions[class] = make(map[string][]string)
		if err := r.readLines(name+".exc", func(f []string, _ string) error {
			r.db.Exceptions[class][f[0]] = append(r.db.Exceptions[class][f[0]], f[1:]...)
			return nil
		}); err != nil {
			return nil, err
		}
		if err := r.readLines("data."+name, r.synset(morph.Class(class))); err != nil {
			return nil, err
		}
	}
	for class, name := range names {
		if err := r.readLines("index."+name, r.senses(morph.Class(class))); err != nil {
			return nil, err
		}
	}
	return &r.db, r.resolve()
}

type reader struct {
	dir     string
	db      Database
	places  map[string]int // class and offset -> synset
	parents [][]string     // of each synset, as keys of places
	related [][]string
	counts  map[string]int // sense key -> count
}

// A lineFunc reads a line: its fields, and the text after a bar.
type lineFunc func(fields []string, text string) error

// readLines calls f with each line. Lines that begin with a space are the licence.
func (r *reader) readLines(name string, f lineFunc) error {
	file, err := os.Open(filepath.Join(r.dir, name))
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if strings.HasPrefix(lines.Text(), " ") {
			continue
		}
		data, gloss, _ := strings.Cut(lines.Text(), "|")
		if err := f(strings.Fields(data), gloss); err != nil {
			return fmt.Errorf("read %s: line %d: %w", file.Name(), n, err)
		}
	}
	return lines.Err()
}

var errFields = errors.New("too few fields")

// count reads a line of the list of sense keys: key, sense and count.
func (r *reader) count(f []string, _ string) error {
	if len(f) < 3 {
		return errFields
	}
	n, err := strconv.Atoi(f[2])
	key := strings.Join(strings.Split(f[0], ":")[:3], ":") // without the head of a satellite
	r.counts[key] = max(r.counts[key], n)
	return err
}

// synset reads a line of a data file:
//
//	offset file type words {word id}... pointers {pointer offset type words}...
func (r *reader) synset(class morph.Class) lineFunc {
	return func(f []string, gloss string) error {
		if len(f) < 4 {
			return errFields
		}
		file, kind := f[1], f[2]
		words, err := strconv.ParseUint(f[3], 16, 8)
		if err != nil {
			return err
		}
		if len(f) < 5+2*int(words) {
			return errFields
		}
		s := Synset{Class: class, Gloss: definition(gloss)}
		for i := range int(words) {
			word, _, _ := strings.Cut(strings.ToLower(f[4+2*i]), "(") // the place of an adjective: galore(ip)
			id, err := strconv.ParseUint(f[5+2*i], 16, 8)
			if err != nil {
				return err
			}
			key := fmt.Sprintf("%s%%%d:%s:%02d", word, strings.Index(" nvars", kind), file, id)
			s.Lemmas = append(s.Lemmas, Lemma{Word: word, Count: r.counts[key]})
		}
		r.places[class.String()+f[0]] = len(r.db.Synsets)
		r.db.Synsets = append(r.db.Synsets, s)
		n, err := strconv.Atoi(f[4+2*words])
		f = f[5+2*words:]
		if err != nil || len(f) < 4*n {
			return errFields
		}
		f = f[:4*n] // the frames of a verb follow
		r.parents = append(r.parents, pointers(f, func(symbol string) bool {
			return symbol == "@" || symbol == "@i" || symbol == "&" && kind == "s"
		}))
		r.related = append(r.related, pointers(f, func(symbol string) bool {
			return strings.Contains("+^$=", symbol) || symbol == `\`
		}))
		return nil
	}
}

// pointers returns the keys of the meanings to which certain pointers go.
func pointers(f []string, is func(symbol string) bool) (keys []string) {
	for ; len(f) > 0; f = f[4:] {
		if is(f[0]) {
			class := f[2]
			if class == "s" {
				class = "a"
			}
			keys = append(keys, class+f[1])
		}
	}
	return keys
}

// senses reads a line of an index file, which has the meanings of a word in
// order:
//
//	word type meanings pointers {pointer}... meanings seen offset...
func (r *reader) senses(class morph.Class) lineFunc {
	return func(f []string, _ string) error {
		if len(f) < 3 {
			return errFields
		}
		n, err := strconv.Atoi(f[2])
		if err != nil {
			return err
		}
		if len(f) < n {
			return errFields
		}
		for i, offset := range f[len(f)-n:] {
			place, ok := r.places[class.String()+offset]
			if !ok {
				return fmt.Errorf("no meaning at %s", offset)
			}
			for j := range r.db.Synsets[place].Lemmas {
				if l := &r.db.Synsets[place].Lemmas[j]; l.Word == f[0] {
					l.Sense = i + 1
				}
			}
		}
		return nil
	}
}

// resolve sets what meanings have to do with one another.
func (r *reader) resolve() (err error) {
	for i := range r.db.Synsets {
		s := &r.db.Synsets[i]
		var e error
		s.Parents, err = r.find(r.parents[i])
		if s.Related, e = r.find(r.related[i]); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) find(keys []string) (places []int, err error) {
	for _, key := range keys {
		place, ok := r.places[key]
		if !ok {
			return nil, fmt.Errorf("no meaning at %s", key)
		}
		places = append(places, place)
	}
	return places, nil
}

// definition returns a gloss without its examples, which are in quotes.
func definition(gloss string) string {
	gloss, _, _ = strings.Cut(gloss, `; "`)
	if strings.HasPrefix(strings.TrimSpace(gloss), `"`) {
		return ""
	}
	return strings.Trim(gloss, " ;")
}
