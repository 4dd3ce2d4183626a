package report

import (
	"bufio"
	"io"

	"domprobe/probe"
)

// ChangeFormats returns the formats that [WriteChanges] knows: text for people,
// names, csv and jsonl.
func ChangeFormats() []string { return []string{"text", "names", "csv", "jsonl"} }

// WriteChanges writes what [Diff] has found, a line for each change. The old or
// the new verdict of a name that only one report has is a hyphen in text, and
// empty in csv and jsonl. The error is a [*FormatError], or that of w.
func WriteChanges(w io.Writer, format string, changes []Change) error {
	var line func(dst []byte, c *Change) []byte
	out := bufio.NewWriterSize(w, bufferSize)
	switch format {
	case "text":
		line = appendChangeText
	case "names":
		line = func(dst []byte, c *Change) []byte {
			return names{'\n'}.row(dst, c.result())
		}
	case "csv":
		put(out, "domain,old,new,old_reason,reason,checked_at\n")
		line = appendChangeCells
	case "jsonl":
		line = appendChangeObject
	default:
		return &FormatError{Format: format}
	}
	var buf []byte
	for i := range changes {
		buf = line(buf[:0], &changes[i])
		out.Write(buf) // keeps its first error until it is flushed
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

func appendChangeCells(dst []byte, c *Change) []byte {
	dst = append(appendCell(dst, c.Name), ',')
	dst = append(dst, verdictOf(c.Old, "")+","+verdictOf(c.New, "")+","...)
	dst = append(appendCell(dst, reasonOf(c.Old)), ',')
	dst = append(appendCell(dst, reasonOf(c.New)), ',')
	var k clock
	return append(k.append(dst, c.result().At), '\n')
}

func appendChangeObject(dst []byte, c *Change) []byte {
	dst = appendString(append(dst, `{"v":1,"domain":`...), c.Name)
	dst = append(dst, `,"old":"`+verdictOf(c.Old, "")+`","new":"`+verdictOf(c.New, "")+`","old_reason":`...)
	dst = appendString(dst, reasonOf(c.Old))
	dst = appendString(append(dst, `,"reason":`...), reasonOf(c.New))
	dst = append(dst, `,"checked_at":`...)
	var k clock
	return append(k.appendJSON(dst, c.result().At), "}\n"...)
}
