package zone

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"domprobe/internal/text"
)

// A master is a master file being read (RFC 1035 section 5). The records of a
// registry's zone are nearly all of one line and a simple form, which is read
// here; any other one goes to the parser of package dns.
type master struct {
	*Builder
	lines  *lines
	origin string // of relative names, with a final dot; empty if unknown
	owner  []byte // of the last record, in lower case, with a final dot
	text   []byte // of a record that is not simple
	wire   []byte // of the same
}

func (b *Builder) readMaster(l *lines) error {
	m := &master{Builder: b, lines: l, wire: make([]byte, dns.MaxMsgSize)}
	if b.info.Origin != "" {
		m.origin = b.info.Origin + "."
	}
	for {
		line, err := l.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		start := l.number
		simple, err := m.simple(line)
		if err == nil && !simple {
			err = m.record(line)
		}
		if bad := new(lineFault); errors.As(err, bad) {
			return l.wrong(start, bad.error)
		}
		if err != nil {
			return err
		}
	}
}

// A lineFault is the error of a line, and not of the disk.
type lineFault struct{ error }

// The kinds of octets in a line.
const (
	inWord = iota
	blank
	special // makes the record not simple
)

var kinds = func() (k [256]uint8) {
	for c := range k {
		if c <= ' ' || c > '~' {
			k[c] = special
		}
	}
	for _, c := range []byte(" \t") {
		k[c] = blank
	}
	for _, c := range []byte(`;()"\`) {
		k[c] = special
	}
	return k
}()

// maxFields is more than a simple record has: owner, TTL, class, type, data.
const maxFields = 6

// fields cuts a line at its blanks. Where it begins with one, the first field is
// empty.
func fields(line []byte) (list [maxFields][]byte, n int, simple bool) {
	if len(line) > 0 && kinds[line[0]] == blank {
		n = 1
	}
	for i := 0; i < len(line); {
		start := i
		for i < len(line) && kinds[line[i]] == inWord {
			i++
		}
		if i > start {
			if n == maxFields {
				return list, n, false
			}
			list[n] = line[start:i]
			n++
		}
		for i < len(line) && kinds[line[i]] == blank {
			i++
		}
		if i < len(line) && kinds[line[i]] == special {
			return list, n, false
		}
	}
	return list, n, true
}

// simple reads a line if it is empty or an NS or address record of the usual form.
func (m *master) simple(line []byte) (bool, error) {
	list, n, ok := fields(line)
	if !ok || len(line) > 0 && line[0] == '$' {
		return false, nil
	}
	if n == 0 || n == 1 && len(list[0]) == 0 {
		return true, nil
	}
	i := 1
	for hadTTL, hadClass := false, false; i < n; i++ {
		if !hadTTL && isNumber(list[i]) {
			if _, err := strconv.ParseUint(string(list[i]), 10, 32); err != nil {
				return false, lineFault{fmt.Errorf("the TTL %s is not a number of 32 bits", list[i])}
			}
			hadTTL = true
		} else if !hadClass && isWord(list[i], "in") {
			hadClass = true
		} else {
			break
		}
	}
	if n != i+2 {
		return false, nil
	}
	isNS, data := isWord(list[i], "ns"), list[i+1]
	switch {
	case isNS && isName(data),
		isWord(list[i], "a") && isAddress(data, netip.Addr.Is4),
		isWord(list[i], "aaaa") && isAddress(data, netip.Addr.Is6):
		if m.setOwner(list[0]) {
			return true, m.owned(isNS)
		}
	}
	return false, nil
}

func isNumber(word []byte) bool { return len(word) > 0 && len(bytes.Trim(word, "0123456789")) == 0 }

// isWord reports whether a word is another one, which is in lower case.
func isWord(word []byte, want string) bool {
	return len(word) == len(want) && strings.EqualFold(string(word), want)
}

func isAddress(word []byte, family func(netip.Addr) bool) bool {
	a, err := netip.ParseAddr(string(word))
	return err == nil && family(a) && a.Zone() == ""
}

// isName reports whether a word is a domain name without escapes.
func isName(word []byte) bool {
	label := 0
	for i, c := range word {
		if c != '.' {
			label++
			continue
		}
		if label == 0 && i > 0 || label > maxLabel || len(word) == 1 {
			return false
		}
		label = 0
	}
	return len(word) > 0 && len(word) < 250 && label <= maxLabel && word[0] != '.'
}

// setOwner makes the name at the beginning of a record absolute, and reports
// whether that is simple. An empty name is the one before.
func (m *master) setOwner(word []byte) bool {
	switch {
	case len(word) == 0:
		return len(m.owner) > 0 && bytes.IndexByte(m.owner, '\\') < 0
	case len(word) == 1 && word[0] == '@':
		m.owner = append(m.owner[:0], m.origin...)
		return m.origin != ""
	case !isName(word):
		return false
	}
	m.owner = append(m.owner[:0], word...)
	if word[len(word)-1] != '.' {
		if m.origin == "" || m.origin == "." {
			return false
		}
		m.owner = append(append(m.owner, '.'), m.origin...)
	}
	text.Lower(m.owner)
	return len(m.owner) < 255
}

// owned takes note of a record of the owner, whose name has no escapes.
func (m *master) owned(isNS bool) error {
	if err := m.haveOrigin(); err != nil {
		return err
	}
	name := m.owner[:len(m.owner)-1]
	origin := m.info.Origin
	below := len(name) - len(origin) - 1 // octets below the origin
	if below < 0 && string(name) == origin {
		return nil
	}
	if below <= 0 || name[below] != '.' || string(name[below+1:]) != origin {
		return lineFault{fmt.Errorf("%s is not in the zone %s", name, origin)}
	}
	if label := name[:below]; isNS && bytes.IndexByte(label, '.') < 0 {
		return m.add(label)
	}
	return nil
}

// haveOrigin makes sure that the origin of the zone is known: it is the first
// $ORIGIN if no SOA record has come.
func (m *master) haveOrigin() error {
	if m.info.Origin != "" {
		return nil
	}
	if m.origin == "" || m.origin == "." {
		return lineFault{errors.New("no SOA record and no $ORIGIN tell which zone this is: name its origin")}
	}
	m.info.Origin = strings.TrimSuffix(m.origin, ".")
	return nil
}
