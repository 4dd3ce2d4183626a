package report

import (
	"bufio"
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
	case d.Only != nil && (c.New == nil || !d.Only[c.New.Verdict]):
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
		err := compare(old, new, d.Absent, func(c Change) bool {
			if !d.wants(&c) {
				return true
			}
			c.Old, c.New = kept(c.Old), kept(c.New)
			return yield(c, nil)
		})
		if err != nil {
			yield(Change{}, err)
		}
	}
}

// kept returns a copy of a row that is not overwritten by the next one.
func kept(r *probe.Result) *probe.Result {
	if r == nil {
		return nil
	}
	c := *r
	return &c
}

// compare calls each with the rows of two reports about the same names, until it
// returns false.
func compare(old, new iter.Seq2[probe.Result, error], absent bool, each func(Change) bool) error {
	was, is := newIndex(), newIndex()
	defer was.spool.close()
	defer is.spool.close()
	for _, step := range []func() error{
		func() error { return was.read(old) }, func() error { return is.read(new) },
		func() error { return was.joinAs(is) }, func() error { return is.joinAs(was) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	for r, err := range is.all() {
		if err != nil {
			return err
		}
		_, before, err := was.find(r.Key())
		if err != nil || !each(Change{r.Name, before, r}) {
			return err
		}
	}
	if !absent {
		return nil
	}
	for r, err := range was.all() {
		if err != nil {
			return err
		}
		_, after, err := is.find(r.Key())
		if err != nil || after == nil && !each(Change{r.Name, r, nil}) {
			return err
		}
	}
	return nil
}

// changeFormats lists the formats of changes, with a line for each.
var changeFormats = []struct {
	name, header string
	line         func(dst []byte, c *Change) []byte
}{
	{"text", "", appendChangeText},
	{"names", "", func(dst []byte, c *Change) []byte { return names{stop: '\n'}.row(dst, c.result()) }},
	{"csv", strings.Join(changeColumns[:], ",") + "\n", appendChangeCells},
	{"jsonl", "", appendChangeObject},
}

// ChangeFormats returns the formats that [WriteChanges] knows: text for people,
// names, csv and jsonl.
func ChangeFormats() (formats []string) {
	for _, f := range changeFormats {
		formats = append(formats, f.name)
	}
	return formats
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

func verdictOf(r *probe.Result, absent string) string {
	if r == nil {
		return absent
	}
	return r.Verdict.String()
}

func reasonOf(r *probe.Result) string {
	if r == nil {
		return ""
	}
	return string(r.Reason)
}

// appendChangeText appends "go.dev: not-found -> found (delegated)".
func appendChangeText(dst []byte, c *Change) []byte {
	dst = append(appendVisible(dst, c.Name), ": "...)
	dst = append(dst, verdictOf(c.Old, "-")+" -> "+verdictOf(c.New, "-")...)
	if reason := reasonOf(c.New); reason != "" {
		dst = append(appendVisible(append(dst, " ("...), reason), ')')
	}
	return append(dst, '\n')
}

// changeColumns are those of the formats csv and jsonl.
var changeColumns = [...]string{"domain", "old", "new", "old_reason", "reason", "checked_at"}

// cells returns the text of each column.
func (c *Change) cells() [len(changeColumns)]string {
	at := string(new(clock).append(nil, c.result().At))
	return [...]string{c.Name, verdictOf(c.Old, ""), verdictOf(c.New, ""), reasonOf(c.Old), reasonOf(c.New), at}
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
