package zone

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/miekg/dns"

	"domprobe/internal/text"
)

// record reads a record or directive that is not simple and begins with a line.
func (m *master) record(line []byte) error {
	if line[0] == '(' {
		return lineFault{errors.New("a parenthesis in the place of the owner")}
	}
	var s span
	m.text = s.appendLine(m.text[:0], line)
	for s.open() {
		line, err := m.lines.next()
		line = bytes.TrimRight(line, "\r\n")
		if err == io.EOF {
			return lineFault{errors.New("what is opened here, a parenthesis or a quotation, is never closed")}
		}
		if err != nil {
			return err
		}
		if m.text = s.appendLine(m.text, line); len(m.text) > maxRecord {
			return lineFault{errLong}
		}
	}
	words := strings.Fields(string(m.text))
	switch {
	case len(words) == 0:
		return nil
	case bytes.ContainsFunc(m.text, isControl):
		return lineFault{errors.New("there is a control character, which a file writes as \\DDD")}
	case strings.EqualFold(words[0], "$ORIGIN"):
		return m.setRelative(words[1:])
	}
	return m.parse()
}

func isControl(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r == 0x7f }

// A span tells where a record ends.
type span struct {
	parentheses int
	quoted      bool
}

func (s *span) open() bool { return s.parentheses > 0 || s.quoted }

// appendLine appends a line of a record without its comment. Parentheses, and the
// ends of lines in them, become blanks, so that a record is one line.
func (s *span) appendLine(text, line []byte) []byte {
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && i+1 < len(line):
			text = append(text, c)
			i++
			c = line[i]
		case c == '"':
			s.quoted = !s.quoted
		case s.quoted:
		case c == ';':
			line = line[:i]
			continue
		case c == '(':
			s.parentheses++
			c = ' '
		case c == ')' && s.parentheses > 0:
			s.parentheses--
			c = ' '
		}
		text = append(text, c)
	}
	if s.parentheses > 0 && !s.quoted {
		return append(text, ' ')
	}
	return append(text, '\n')
}

// setRelative takes the words after $ORIGIN.
func (m *master) setRelative(words []string) error {
	if len(words) != 1 {
		return lineFault{errors.New("$ORIGIN takes one name")}
	}
	name := words[0]
	if _, ok := dns.IsDomainName(name); !ok {
		return lineFault{fmt.Errorf("$ORIGIN %q is not a domain name", name)}
	}
	if !dns.IsFqdn(name) {
		if m.origin == "" {
			return lineFault{fmt.Errorf("$ORIGIN %s is relative to nothing", name)}
		}
		name = strings.TrimSuffix(name+"."+m.origin, ".") + "."
	}
	m.origin = dns.CanonicalName(name)
	return nil
}

// parse has package dns read the text of a record, or of a directive that stands
// for records.
func (m *master) parse() error {
	text := strings.TrimRight(string(m.text), " \t\n") // package dns takes the end of a line for data
	if strings.ContainsRune(" \t", rune(text[0])) {
		if len(m.owner) == 0 {
			return lineFault{errors.New("the first record has no owner")}
		}
		text = string(m.owner) + text
	}
	p := dns.NewZoneParser(strings.NewReader(text), m.origin, "")
	p.SetDefaultTTL(0) // whatever it is
	records := 0
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		records++
		// Not every type's data is checked before it is packed.
		if _, err := dns.PackRR(rr, m.wire, 0, nil, false); err != nil {
			return lineFault{errors.New(strings.TrimPrefix(err.Error(), "dns: "))}
		}
		if err := m.take(rr); err != nil {
			return err
		}
	}
	if err := p.Err(); err != nil {
		reason, _, _ := strings.Cut(err.Error(), " at line: ") // of this record
		return lineFault{errors.New(strings.TrimPrefix(reason, "dns: "))}
	}
	if word := strings.ToUpper(strings.Fields(text)[0]); records == 0 && word != "$TTL" && word != "$GENERATE" {
		return lineFault{errors.New("a record without data")}
	}
	return nil
}

// take takes note of a record.
func (m *master) take(rr dns.RR) error {
	h := rr.Header()
	m.owner = append(m.owner[:0], h.Name...)
	text.Lower(m.owner) // dns.CanonicalName takes octets for runes
	name := string(m.owner)
	if soa, ok := rr.(*dns.SOA); ok {
		if err := m.soa(soa); err != nil {
			return lineFault{err}
		}
	}
	isNS := h.Rrtype == dns.TypeNS && h.Class == dns.ClassINET
	if !isNS || !strings.Contains(name, `\`) {
		return m.owned(isNS)
	}
	return m.ownedEscaped(name)
}

// ownedEscaped is owned for NS records of a name with escapes.
func (m *master) ownedEscaped(name string) error {
	if err := m.haveOrigin(); err != nil {
		return err
	}
	if !dns.IsSubDomain(m.info.Origin+".", name) {
		return lineFault{fmt.Errorf("%s is not in the zone %s", name, m.info.Origin)}
	}
	if dns.CountLabel(name) != dns.CountLabel(m.info.Origin+".")+1 {
		return nil
	}
	label := m.wire[1:][:m.wire[0]] // of the record that was packed
	text.Lower(label)
	return m.add(label)
}

// soa takes note of the SOA record.
func (m *master) soa(soa *dns.SOA) error {
	if err := m.setOrigin(strings.TrimSuffix(dns.CanonicalName(soa.Hdr.Name), ".")); err != nil {
		return err
	}
	if m.info.Serial != 0 && soa.Serial != m.info.Serial {
		return fmt.Errorf("the serial of the SOA record is %d here and %d before: two versions of the zone", soa.Serial, m.info.Serial)
	}
	m.info.Serial = soa.Serial
	m.origin = cmp.Or(m.origin, m.info.Origin+".")
	return nil
}
