package report

import (
	"bufio"
	"cmp"
	"io"
	"iter"
	"slices"
	"strings"

	"domprobe/internal/text"
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
// found and not found, and those of an offer in two reports that have offers.
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
		return c.Old.SaleKnown && c.New.SaleKnown && c.Old.Sale.Offer() != c.New.Sale.Offer()
	}
	return d.Unknown || isAnswer(c.Old.Verdict) && isAnswer(c.New.Verdict)
}

func isAnswer(v probe.Verdict) bool { return v == probe.Found || v == probe.NotFound }

// Diff yields the names whose verdicts or offers differ between two reports, in the order
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
	name   string
	header bool
	line   func(dst []byte, c *Change, columns []string) []byte
}

var changeFormats = []changeFormat{
	{"text", false, appendChangeText},
	{"names", false, func(dst []byte, c *Change, _ []string) []byte { return names{stop: '\n'}.row(dst, c.result()) }},
	{"csv", true, appendChangeCells},
	{"jsonl", false, appendChangeObject},
}

// ChangeFormats returns the formats that [WriteChanges] knows: text for people,
// names, csv and jsonl.
func ChangeFormats() []string {
	return text.Of(changeFormats, func(f changeFormat) string { return f.name })
}

// WriteChanges writes a line for each change. The old or the new verdict of a
// name that only one report has is a hyphen in text, and empty in csv and jsonl;
// so is an offer that is not there.
// The error is a [*FormatError], or that of w or of the changes.
func WriteChanges(w io.Writer, format string, changes iter.Seq2[Change, error]) error {
	i := slices.Index(ChangeFormats(), format)
	if i < 0 {
		return &FormatError{Format: format, known: ChangeFormats()}
	}
	f, out := &changeFormats[i], bufio.NewWriterSize(w, bufferSize)
	var columns []string
	begin := func(offers bool) {
		if columns = changeColumns[:]; !offers {
			columns = columns[:withoutOffers]
		}
		if f.header {
			out.WriteString(strings.Join(columns, ",") + "\n")
		}
	}
	for c, err := range changes {
		if err != nil {
			return err
		}
		if columns == nil {
			begin(c.result().SaleKnown)
		}
		if _, err := out.Write(f.line(out.AvailableBuffer(), &c, columns)); err != nil {
			return err
		}
	}
	if columns == nil {
		begin(false)
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

// words returns the verdict, the reason and the offer of a row, if there is one.
func words(r *probe.Result) (verdict, reason, offer string) {
	if r == nil {
		return "", "", ""
	}
	return r.Verdict.String(), string(r.Reason), r.Sale.Offer()
}

// appendChangeText appends "go.dev: not-found -> found (delegated)", or of an offer
// "go.dev: for sale: - -> EUR999".
func appendChangeText(dst []byte, c *Change, _ []string) []byte {
	old, _, oldOffer := words(c.Old)
	new, reason, offer := words(c.New)
	dst = append(appendVisible(dst, c.Name), ": "...)
	if old == new {
		old, new, reason = oldOffer, offer, ""
		dst = append(dst, "for sale: "...)
	}
	dst = appendVisible(append(appendVisible(dst, cmp.Or(old, "-")), " -> "...), cmp.Or(new, "-"))
	if reason != "" {
		dst = appendAside(dst, reason)
	}
	return append(dst, '\n')
}

// changeColumns are those of the formats csv and jsonl. Reports that have no offers
// have those before withoutOffers.
var changeColumns = [...]string{"domain", "old", "new", "old_reason", "reason", "checked_at", "old_sale", "sale"}

const withoutOffers = 6

// cells returns the text of each column.
func (c *Change) cells() [len(changeColumns)]string {
	old, oldReason, oldOffer := words(c.Old)
	new, reason, offer := words(c.New)
	var k clock
	return [...]string{c.Name, old, new, oldReason, reason, string(k.append(nil, c.result().At)), oldOffer, offer}
}

func appendChangeCells(dst []byte, c *Change, columns []string) []byte {
	cells := c.cells()
	for _, cell := range cells[:len(columns)] {
		dst = append(appendCell(dst, cell, ','), ',')
	}
	return endLine(dst)
}

func appendChangeObject(dst []byte, c *Change, columns []string) []byte {
	dst = append(dst, `{"v":`+jsonVersion...)
	cells := c.cells()
	for i, cell := range cells[:len(columns)] {
		dst = append(dst, `,"`+changeColumns[i]+`":`...)
		if cell == "" && changeColumns[i] == "checked_at" {
			dst = append(dst, "null"...)
		} else {
			dst = appendString(dst, cell)
		}
	}
	return append(dst, "}\n"...)
}
