package report

import (
	"strconv"
	"strings"

	"domprobe/probe"
)

// csvHeader is the first line of every CSV report.
var csvHeader = strings.Join(fieldNames[:], ",") + "\n"

// csv is the format of the same name: RFC 4180 with lines that end in LF, as
// the tools around it expect. No cell holds a line break, so a row is a line.
type csv struct {
	clock clock
	more  string // the commas of columns that a newer version has added
}

func newCSV(Options) encoder { return new(csv) }

func (e *csv) begin(dst []byte) []byte { return append(dst, csvHeader...) }
func (e *csv) end(dst []byte) []byte   { return dst }

func (e *csv) row(dst []byte, r *probe.Result) []byte {
	dst = append(appendCell(dst, r.Name), ',')
	dst = append(append(dst, r.Verdict.String()...), ',')
	dst = append(appendCell(dst, string(r.Reason)), ',')
	dst = append(appendCell(dst, r.Source), ',')
	dst = append(appendCell(dst, r.Keyword), ',')
	dst = append(appendCell(dst, r.TLD), ',')
	dst = append(appendCell(dst, r.Unicode), ',')
	dst = append(appendRcode(dst, r.Rcode), ',')
	dst = append(appendCell(dst, r.Server), ',')
	dst = append(appendMillis(dst, r.RTT), ',')
	dst = append(strconv.AppendInt(dst, int64(r.Tries), 10), ',')
	dst = append(e.clock.append(dst, r.At), ',')
	dst = append(appendSeconds(dst, r.TTL), e.more...)
	return append(dst, '\n')
}

// csvOdd holds the bytes that need quotes or an escape, or are not ASCII.
var csvOdd = func() (t [256]bool) {
	for c := range t {
		t[c] = c < ' ' || c >= 0x7f || strings.IndexByte(`",\`, byte(c)) >= 0
	}
	return t
}()

// isFront reports whether a cell that starts with c needs the apostrophe: a
// spreadsheet would run it as a formula, or it could be taken for the
// apostrophe itself.
func isFront(c byte) bool {
	switch c {
	case '=', '+', '-', '@', '\t', '\r', '\'':
		return true
	}
	return false
}

func isPlain(s string) bool {
	for i := range len(s) {
		if csvOdd[s[i]] {
			return false
		}
	}
	return true
}

// appendCell appends one cell of text, with an apostrophe before what isFront
// is about.
func appendCell(dst []byte, s string) []byte {
	if s == "" {
		return dst
	}
	if !isFront(s[0]) && isPlain(s) {
		return append(dst, s...)
	}
	quote := strings.ContainsAny(s, `",`)
	if quote {
		dst = append(dst, '"')
	}
	if isFront(s[0]) {
		dst = append(dst, '\'')
	}
	for {
		part, rest, more := strings.Cut(s, `"`)
		dst = appendEscaped(dst, part, isControl)
		if !more {
			break
		}
		dst = append(dst, `""`...)
		s = rest
	}
	if quote {
		dst = append(dst, '"')
	}
	return dst
}
