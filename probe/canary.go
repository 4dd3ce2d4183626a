package probe

import (
	"iter"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"domprobe/internal/known"
)

// names are names of one zone, which the canaries ask about: known ones that
// exist, those that the run has found last, and in a crowd those that it has denied last.
type names struct {
	under string
	known []canaryName // filled with the first use
	found [foundLen]canaryName
	n     int // names found in all

	denied [deniedLen]denial
	d      int // names denied in all

	lately struct{ found, asked float64 } // of the last thousands of names, if there are several servers
}

const (
	foundLen  = 64
	deniedLen = 64

	latelyLen   = 4096 // names; those before them count half
	leastLately = 256  // names that tell how many exist
)

// A denial is a name that one server has denied.
type denial struct {
	name string
	by   *server
}

// A canaryName is a name that exists, with the forms in which each server was
// asked about it.
type canaryName struct {
	name  string
	by    *server           // that has found it
	seen  bool              // a server that is believed, and did not find it first, has said that it exists
	known bool              // it is delegated for certain: a name below it will do as well
	used  map[*bench]uint32 // bits: sameForm, and one for each of otherTypes
}

const sameForm = 1 << 31

// otherTypes are the types of canaries that no cache holds.
var otherTypes = []uint16{
	dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeMX, dns.TypeSOA, dns.TypeCAA, dns.TypeHTTPS,
	dns.TypeSRV, dns.TypeNAPTR, dns.TypeSSHFP, dns.TypeHINFO, dns.TypeLOC, dns.TypeURI,
}

// add takes in a name that the run has found, by the word of a server.
func (n *names) add(name string, by *server) {
	n.found[n.n%foundLen] = canaryName{name: name, by: by}
	n.n++
	if k := n.knownAbove(name); k != nil {
		k.seen = true
	}
}

// deny takes in a name that the run has not found, by the word of a server.
func (n *names) deny(name string, by *server) {
	n.denied[n.d%deniedLen] = denial{name, by}
	n.d++
}

// forget drops the names of a server that has lied.
func (n *names) forget(by *server) {
	for i := range n.found {
		if n.found[i].by == by {
			n.found[i] = canaryName{}
		}
	}
	for i := range n.denied {
		if n.denied[i].by == by {
			n.denied[i] = denial{}
		}
	}
}

// lag takes in how many of some names a server has found, and returns how many fewer that
// is than the others would have found lately, or how many more.
func (n *names) lag(found, asked int) (fewer, more int) {
	l := &n.lately
	if l.asked >= leastLately {
		fewer = int(l.found/l.asked*float64(asked)) - found
	}
	if l.asked >= latelyLen {
		l.found, l.asked = l.found/2, l.asked/2
	}
	l.found, l.asked = l.found+float64(found), l.asked+float64(asked)
	return max(fewer, 0), max(-fewer, 0)
}

// absent returns a name that another server has denied, or "" if there are few.
func (n *names) absent(s *server) (name string, by *server) {
	if d := n.denied[rand.IntN(deniedLen)]; n.d >= deniedLen && d.by != s {
		return d.name, d.by
	}
	return "", nil
}

// confirm takes in that a server knows a name which another may have made up.
func (n *names) confirm(name string, by *server) {
	for i := range n.found {
		if c := &n.found[i]; c.name == name && c.by != by {
			c.seen = true
		}
	}
}

// load fills in the known names, with the first use.
func (n *names) load() {
	if n.known != nil {
		return
	}
	n.known = []canaryName{}
	for _, name := range known.Names(n.under) {
		n.known = append(n.known, canaryName{name: name, known: true})
	}
}

// exists reports whether it is sure that a name exists: it has been found, or
// it is a known one that was seen.
func (n *names) exists(name string) bool {
	k := n.knownAbove(name)
	return k == nil || k.seen
}

// knownAbove returns the known name that is the name, or one above it.
func (n *names) knownAbove(name string) *canaryName {
	for i := range n.known {
		k := &n.known[i]
		if below, ok := strings.CutSuffix(name, k.name); ok && (below == "" || strings.HasSuffix(below, ".")) {
			return k
		}
	}
	return nil
}

// saw notes that known name number k exists, as a server has said that is
// believed: the list may be out of date.
func (n *names) saw(k int) { n.known[k].seen = true }

// all ranges over the names for canaries at a server: the found ones from a random
// one on, then those known before that were seen. While its controls are under way
// it is the known names that these ask about.
func (n *names) all(b *bench) iter.Seq[*canaryName] {
	n.load()
	return func(yield func(*canaryName) bool) {
		if b.undecided() {
			for i := range b.controls.Known {
				if !yield(&n.known[i]) {
					return
				}
			}
			return
		}
		found := min(n.n, foundLen)
		first := rand.IntN(max(found, 1))
		for i := range found {
			if c := &n.found[(first+i)%found]; c.name != "" && !yield(c) {
				return
			}
		}
		for i := range n.known {
			if n.known[i].seen && !yield(&n.known[i]) {
				return
			}
		}
	}
}

// count is how many names there are for canaries at a server.
func (n *names) count(b *bench) (count int) {
	for range n.all(b) {
		count++
	}
	return count
}

// left is how many of them the server was not asked about like a candidate.
func (n *names) left(b *bench) (left int) {
	for c := range n.all(b) {
		if c.used[b]&sameForm == 0 {
			left++
		}
	}
	return left
}

// take returns a name, and with other a type, about which the server of the bench has not
// been asked. The name is "" if there is none. It may exist by the word of one server alone,
// which is by.
func (n *names) take(b *bench, other bool) (name string, qtype uint16, by *server) {
	for c := range n.all(b) {
		if !other && c.take(b, sameForm) {
			return c.name, b.qtype, c.finder()
		}
		if !other {
			continue
		}
		k := rand.IntN(len(otherTypes))
		if c.known {
			return letters(shortestFresh) + "." + c.name, otherTypes[k], nil
		}
		for i := range otherTypes {
			if k := (k + i) % len(otherTypes); c.take(b, 1<<k) {
				return c.name, otherTypes[k], c.finder()
			}
		}
	}
	if !other {
		for c := range n.all(b) {
			return c.name, b.qtype, c.finder() // once more: a cache may answer
		}
	}
	return "", 0, nil
}

// finder is the server that has found a name of which nobody else is known to have; nil if
// there is none.
func (c *canaryName) finder() *server {
	if c.seen {
		return nil
	}
	return c.by
}

// takeKnown returns known name number k, to be asked about like a candidate.
func (n *names) takeKnown(b *bench, k int) (name string, ok bool) {
	n.load()
	if k >= len(n.known) {
		return "", false
	}
	n.known[k].take(b, sameForm)
	return n.known[k].name, true
}

// take notes that a server is asked in a form, and reports whether that is new.
func (c *canaryName) take(b *bench, form uint32) bool {
	if c.used[b]&form != 0 {
		return false
	}
	if c.used == nil {
		c.used = map[*bench]uint32{}
	}
	c.used[b] |= form
	return true
}

// A sample holds the first labels of the latest candidates, which fresh labels
// are made to look like.
type sample struct {
	labels [64]string
	n      int
}

func (s *sample) add(name string) {
	s.labels[s.n%len(s.labels)] = name
	s.n++
}

// The length of a fresh label. Shorter ones are often registered; of so many
// random letters, next to none.
const (
	shortestFresh = 9
	longestFresh  = 17
)

// letters makes up a label of so many random letters.
func letters(n int) string {
	label := make([]byte, n)
	for i := range label {
		label[i] = 'a' + byte(rand.IntN(26))
	}
	return string(label)
}

// fresh makes up a name under a zone that nobody has registered, and that looks
// like a candidate: of a candidate's length, as far as it is long enough, and of
// the candidates' letters.
func (s *sample) fresh(zone string) string {
	var letters []byte
	for range 4 {
		if s.n == 0 {
			break
		}
		for _, c := range []byte(firstLabel(s.labels[rand.IntN(min(s.n, len(s.labels)))])) {
			if 'a' <= c && c <= 'z' {
				letters = append(letters, c)
			}
		}
	}
	length := len(letters) / 4
	if distinct := slices.Compact(slices.Sorted(slices.Values(letters))); len(distinct) < 6 {
		letters = append(distinct, "etaoinshrlu"...)
	}
	length = min(max(length, shortestFresh)+rand.IntN(3), longestFresh)
	label := make([]byte, length)
	for i := range label {
		label[i] = letters[rand.IntN(len(letters))]
	}
	return string(label) + "." + zone
}

func firstLabel(name string) string {
	for i := range len(name) {
		if name[i] == '.' {
			return name[:i]
		}
	}
	return name
}

// nowhere makes up a name under a zone that is too long to be anybody's.
func nowhere(zone string) string {
	if zone == "" {
		return letters(24)
	}
	return letters(24) + "." + zone
}
