package zone

import (
	"bytes"
	"fmt"
	"io"

	"domprobe/candidate"
	"domprobe/internal/text"
)

// readList reads a list: a name in a line, or a label if the origin is known. The
// characters # and ; begin a comment.
func (b *Builder) readList(l *lines) error {
	for {
		line, err := l.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if i := bytes.IndexAny(line, "#;"); i >= 0 {
			line = line[:i]
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		label, err := b.listed(line)
		if err != nil {
			return l.wrong(l.number, err)
		}
		if err := b.add(label); err != nil {
			return err
		}
	}
}

// listed returns the label of a name in a list.
func (b *Builder) listed(word []byte) ([]byte, error) {
	text.Lower(word)
	word = bytes.TrimSuffix(word, []byte("."))
	if label, ok := b.cutOrigin(word); ok && isPlain(label) {
		return label, nil
	}
	name := string(word)
	if bytes.IndexByte(word, '.') < 0 {
		if b.info.Origin == "" {
			return nil, fmt.Errorf("%q has no TLD: name the origin of the zone", name)
		}
		name += "." + b.info.Origin
	}
	c := candidate.Parse(name)
	if c.Err != nil {
		return nil, c.Err
	}
	if b.info.Origin == "" {
		b.info.Origin = c.TLD
	}
	label, ok := b.cutOrigin([]byte(c.Name))
	if !ok {
		return nil, fmt.Errorf("%s is not one label below %s", c.Name, b.info.Origin)
	}
	return label, nil
}

// cutOrigin returns the label of a name one label below the origin. A name without
// a dot is one.
func (b *Builder) cutOrigin(name []byte) (label []byte, ok bool) {
	if b.info.Origin == "" {
		return nil, false
	}
	i := bytes.IndexByte(name, '.')
	if i < 0 {
		return name, true
	}
	return name[:i], string(name[i+1:]) == b.info.Origin
}

// isPlain reports whether a label in lower case has only letters, digits and
// hyphens, where RFC 1123 section 2.1 allows them.
func isPlain(label []byte) bool {
	n := len(label)
	if n == 0 || n > maxLabel || label[0] == '-' || label[n-1] == '-' {
		return false
	}
	for _, c := range label {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}
