package report

import (
	"bufio"
	"cmp"
	"io"
	"iter"
	"slices"
	"strings"

	"domprobe/probe"
)

// A Change is a name, under one TLD, about which two reports differ. Old is nil
// for a name that only the new report has, and New for one that only the old
// report has.
type Change struct {
	Name     string
	Old, New *probe.Result
}

// Differences are the kinds of changes that [Diff] yields besides those between
// found and not found.
type Differences struct {
	Absent  bool // names that only one report has
	Unknown bool // changes from or to unknown and invalid

	// Only leaves names whose new verdict is another one out. Nil means all.
	Only map[probe.Verdict]bool
}

// wants reports whether a change is of a kind that was asked for.
func (d Differences) wants(c *Change) bool {
	switch {
	case c.Old == nil && c.New == nil, // of a name that another one took over
		d.Only != nil && (c.New == nil || !d.Only[c.New.Verdict]):
		return false
	case c.Old == nil || c.New == nil:
		return d.Absent
	case c.Old.Verdict == c.New.Verdict:
		return false
	}
	return d.Unknown || isAnswer(c.Old.Verdict) && isAnswer(c.New.Verdict)
}

func isAnswer(v probe.Verdict) bool { return v == probe.Found || v == probe.NotFound }

// Diff yields the names whose verdicts differ between two reports, in the order
// of the new one, with those that only the old one has at the end. Each report
// counts as [Merge] would write it, in as much memory, with one row for a name
// that the other has without a TLD. An error is that of a report, and ends the
// sequence.
func Diff(old, new iter.Seq2[probe.Result, error], d Differences) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		x := newIndex(2)
		defer x.close()
		err := x.read(0, new) // whose order counts
		if err == nil {
			err = x.read(1, old)
		}
		for id := 0; err == nil && id < len(x.next); id++ {
			var c Change
			if c.New, err = x.row(0, id); err == nil {
				c.Old, err = x.row(1, id)
			}
			if err == nil && d.wants(&c) {
				if c.Name = c.result().Name; !yield(c, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(Change{}, err)
		}
	}
}

// A changeFormat is one way to write changes, with a line for each.
type changeFormat struct {
	name, header string
	line         func(dst []byte, c *Change) []byte
}

var changeFormats = []changeFormat{
	{"text", "", appendChangeText},
	{"names", "", func(dst []byte, c *Change) []byte { return names{stop: '\n'}.row(dst, c.result()) }},
	{"csv", strings.Join(changeColumns[:], ",") + "\n", appendChangeCells},
	{"jsonl", "", appendChangeObject},
}

// ChangeFormats returns the formats that [WriteChanges] knows: text for people,
// names, csv and jsonl.
func ChangeFormats() []string {
	return namesOf(changeFormats, func(f changeFormat) string { return f.name })
}

// WriteChanges writes a line for each change. The old or the new verdict of a
// name that only one report has is a hyphen in text, and empty in csv and jsonl.
// The error is a [*FormatError], or that of w or of the changes.
func WriteChanges(w io.Writer, format string, changes iter.Seq2[Change, error]) error {
	i := slices.Index(ChangeFormats(), format)
	if i < 0 {
		return &FormatError{Format: format}
	}
	out := bufio.NewWriterSize(w, bufferSize)
	out.WriteString(changeFormats[i].header)
	for c, err := range changes {
		if err != nil {
			return err
		}
		if _, err := out.Write(changeFormats[i].line(out.AvailableBuffer(), &c)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// result is the newer of the two that there is.
func (c *Change) result() *probe.Result {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// words returns the verdict and the reason of a row, if there is one.
func words(r *probe.Result) (verdict, reason string) {
	if r == nil {
		return "", ""
	}
	return r.Verdict.String(), string(r.Reason)
}

// appendChangeText appends "go.dev: not-found -> found (delegated)".
func appendChangeText(dst []byte, c *Change) []byte {
	old, _ := words(c.Old)
	new, reason := words(c.New)
	dst = append(appendVisible(dst, c.Name), ": "+cmp.Or(old, "-")+" -> "+cmp.Or(new, "-")...)
	if reason != "" {
		dst = appendAside(dst, reason)
	}
	return append(dst, '\n')
}

// changeColumns are those of the formats csv and jsonl.
var changeColumns = [...]string{"domain", "old", "new", "old_reason", "reason", "checked_at"}

// cells returns the text of each column.
func (c *Change) cells() [len(changeColumns)]string {
	old, oldReason := words(c.Old)
	new, reason := words(c.New)
	var k clock
	return [...]string{c.Name, old, new, oldReason, reason, string(k.append(nil, c.result().At))}
}

func appendChangeCells(dst []byte, c *Change) []byte {
	for _, cell := range c.cells() {
		dst = append(appendCell(dst, cell, ','), ',')
	}
	return endLine(dst)
}

func appendChangeObject(dst []byte, c *Change) []byte {
	dst = append(dst, `{"v":`+jsonVersion...)
	for i, cell := range c.cells() {
		dst = append(dst, `,"`+changeColumns[i]+`":`...)
		if cell == "" && changeColumns[i] == "checked_at" {
			dst = append(dst, "null"...)
		} else {
			dst = appendString(dst, cell)
		}
	}
	return append(dst, "}\n"...)
}
