package candidate

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Typos returns what a keyword becomes by one slip of a typist, of a reader or of
// the memory of a computer, each once. Of a whole domain the first label is
// mistyped. The slips are those of dnstwist:
//
//	addition       a letter or digit more at the end
//	bitsquatting   a bit of a letter flipped
//	homoglyph      characters that look alike, ASCII and others
//	hyphenation    a hyphen between two letters
//	insertion      a neighbour on the keyboard (QWERTY) beside a letter
//	omission       a letter left out
//	repetition     a letter twice
//	replacement    a neighbour on the keyboard in place of a letter
//	transposition  two neighbours exchanged
//	vowel swap     another vowel
//
// Typos finds nothing for a name that cannot be registered.
func Typos(keyword string) []string {
	label, rest := keyword, ""
	if IsDomain(keyword) {
		c := Parse(keyword)
		if c.Err != nil {
			return nil
		}
		label, rest, _ = strings.Cut(cmp.Or(c.Unicode, c.Name), ".")
		rest = "." + rest
	} else if _, unicode, err := normalize(keyword); err != nil {
		return nil
	} else {
		label = cmp.Or(unicode, strings.ToLower(keyword))
	}
	w := &mistyped{word: []rune(label)}
	for i, c := range w.word {
		w.slips(i, c)
	}
	for _, c := range lettersDigits {
		w.add(len(w.word), 0, string(c))
	}
	w.lookAlike(label)
	list := slices.DeleteFunc(newWords(w.list, label), func(typo string) bool {
		name, _, err := normalize(typo)
		return err != nil || strings.Contains(name, ".") || name == label
	})
	for i := range list {
		list[i] += rest
	}
	return list
}

const lettersDigits = "abcdefghijklmnopqrstuvwxyz0123456789"

// A mistyped word has a list of what it has become.
type mistyped struct {
	word []rune
	list []string
}

// add adds the word with n letters replaced from index i on.
func (w *mistyped) add(i, n int, replacement string) {
	w.list = append(w.list, string(w.word[:i])+replacement+string(w.word[i+n:]))
}

// slips adds the slips at the letter c with index i, except for look-alikes.
func (w *mistyped) slips(i int, c rune) {
	w.add(i, 1, "")
	if unicode.IsLetter(c) {
		w.add(i, 0, string(c))
	}
	for bit := range 7 {
		if flipped := c ^ 1<<bit; c < unicode.MaxASCII && strings.ContainsRune(lettersDigits+"-", flipped) {
			w.add(i, 1, string(flipped))
		}
	}
	for _, key := range neighbours(c) {
		w.add(i, 0, string(key))
		w.add(i+1, 0, string(key))
		w.add(i, 1, string(key))
	}
	if isVowel(c) {
		for _, vowel := range vowels {
			w.add(i, 1, string(vowel))
		}
	}
	if i == 0 {
		return
	}
	before := w.word[i-1]
	w.add(i-1, 2, string(c)+string(before))
	if c != '-' && before != '-' {
		w.add(i, 0, "-")
	}
}

// keyboard has the keys of QWERTY, each row half a key to the right of the one
// above.
var keyboard = []string{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"}

// neighbours returns the keys around a key.
func neighbours(c rune) (keys string) {
	for row, line := range keyboard {
		i := strings.IndexRune(line, c)
		if i < 0 {
			continue
		}
		for _, place := range [][2]int{{row, i - 1}, {row, i + 1}, {row - 1, i}, {row - 1, i + 1}, {row + 1, i - 1}, {row + 1, i}} {
			if r, at := place[0], place[1]; r >= 0 && r < len(keyboard) && at >= 0 && at < len(keyboard[r]) {
				keys += keyboard[r][at : at+1]
			}
		}
	}
	return keys
}

// lookAlike adds the word with one place, and with all places, of letters that
// others look like.
func (w *mistyped) lookAlike(word string) {
	for _, pair := range homoglyphs() {
		from, to := pair[0], pair[1]
		for i := range len(word) {
			if strings.HasPrefix(word[i:], from) {
				w.list = append(w.list, word[:i]+to+word[i+len(from):])
			}
		}
		if strings.Contains(word, from) {
			w.list = append(w.list, strings.ReplaceAll(word, from, to))
		}
	}
}
