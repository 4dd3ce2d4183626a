package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"domprobe/probe"
)

// jsonVersion is the "v" of every object.
const jsonVersion = "1"

// jsonObjects writes the formats json and jsonl: objects of RFC 8259, one a
// line, and for json in an array.
type jsonObjects struct {
	fields []*field
	keys   []string // of the members, with the punctuation around them
	errors bool     // there is a member "error" for a row that has one
	array  bool
	rows   bool // there is one already
	clock  clock
}

func newJSON(array bool) func(Options) encoder {
	return func(o Options) encoder {
		e := &jsonObjects{fields: o.fields(), errors: len(o.Columns) == 0, array: array}
		for _, f := range e.fields {
			e.keys = append(e.keys, `,"`+f.name+`":`)
		}
		return e
	}
}

func (e *jsonObjects) begin(dst []byte) []byte {
	if e.array {
		dst = append(dst, '[')
	}
	return dst
}

// row appends an object. All members are in every object, but for "error"; a
// number or a time that is not known is null.
func (e *jsonObjects) row(dst []byte, r *probe.Result) []byte {
	switch {
	case e.array && e.rows:
		dst = append(dst, ",\n"...)
	case e.array:
		dst = append(dst, '\n')
	}
	e.rows = true
	dst = append(dst, `{"v":`+jsonVersion...)
	for i, f := range e.fields {
		dst = f.appendJSON(append(dst, e.keys[i]...), r, &e.clock)
	}
	if e.errors && r.Err != nil {
		dst = append(dst, `,"error":`...)
		dst = appendString(dst, r.Err.Error())
	}
	if dst = append(dst, '}'); !e.array {
		dst = append(dst, '\n')
	}
	return dst
}

func (e *jsonObjects) end(dst []byte) []byte {
	if !e.array {
		return dst
	}
	if e.rows {
		dst = append(dst, '\n')
	}
	return append(dst, "]\n"...)
}

// appendJSON appends the value of the field.
func (f *field) appendJSON(dst []byte, r *probe.Result, c *clock) []byte {
	if f.text != nil {
		return appendString(dst, *f.text(r))
	}
	start := len(dst)
	if f.quoted {
		dst = append(dst, '"')
	}
	before := len(dst)
	dst = f.append(dst, r, c)
	switch {
	case f.null && len(dst) == before:
		return append(dst[:start], "null"...)
	case f.quoted:
		dst = append(dst, '"')
	}
	return dst
}

var plainString = plainBut(`"`)

// plainUTF8 also holds the octets of UTF-8, but for those that begin a control
// character or U+FFFD.
var plainUTF8 = func() *plainSet {
	p := plainBut(`"`)
	for c := 0x80; c <= 0xff; c++ {
		p[c] = strings.IndexByte("\xc2\xd8\xe2\xef", byte(c)) < 0
	}
	return p
}()

// appendString appends s as a JSON string. Beyond what RFC 8259 section 7 asks
// for it escapes all that a terminal could take for a command.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if plainString.has(s) || plainUTF8.has(s) && utf8.ValidString(s) {
		return append(append(dst, s...), '"')
	}
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1, strings.HasPrefix(s, `\x`):
			dst = fmt.Appendf(dst, `\\x%02x`, s[0])
		case r == '"' || r == '\\':
			dst = append(dst, '\\', s[0])
		case isControl(r):
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			dst = append(dst, s[:size]...)
		}
		s = s[size:]
	}
	return append(dst, '"')
}

// A jsonLinesReader reads the rows of jsonl.
type jsonLinesReader struct {
	lines *bufio.Scanner
	line  int
	end   int64 // of the line
	row   *object
}

func readJSONLines(r io.Reader) rowReader {
	j := &jsonLinesReader{lines: bufio.NewScanner(r), row: newObject()}
	j.lines.Buffer(make([]byte, bufferSize), maxRow)
	j.lines.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		n, line, err := bufio.ScanLines(data, atEOF)
		return n, line[:n], err // with its end
	})
	return j
}

func (j *jsonLinesReader) offset() int64 { return j.end }

func (j *jsonLinesReader) next() (r probe.Result, err error) {
	for j.lines.Scan() {
		j.line++
		line := j.lines.Bytes()
		j.end += int64(len(line))
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			continue
		}
		if r, err = j.row.read(func(row any) error { return json.Unmarshal(line, row) }); err != nil {
			err = &RowError{j.line, err}
		}
		return r, err
	}
	switch err = j.lines.Err(); err {
	case nil:
		err = io.EOF
	case bufio.ErrTooLong:
		err = &RowError{j.line + 1, errLong}
	}
	return r, err
}

// A jsonReader reads the rows of json.
type jsonReader struct {
	source
	dec   *json.Decoder
	begun bool
	row   *object
}

func readJSON(r io.Reader) rowReader {
	j := &jsonReader{source: source{r: r}, row: newObject()}
	j.dec = json.NewDecoder(&j.source)
	return j
}

func (j *jsonReader) next() (probe.Result, error) {
	r, err := j.element()
	j.done = j.dec.InputOffset()
	if err != nil && err != io.EOF && j.err == nil {
		err = &RowError{j.line(), err}
	}
	return r, err
}

// element reads a row, with the token before the first and those after the last.
func (j *jsonReader) element() (r probe.Result, err error) {
	if !j.begun {
		j.begun = true
		if err := j.expect('['); err != nil {
			return r, err
		}
	}
	if j.dec.More() {
		return j.row.read(func(row any) error { return whole(j.dec.Decode(row)) })
	}
	if err := j.expect(']'); err != nil {
		return r, err
	}
	if _, err := j.dec.Token(); err != io.EOF {
		return r, errors.New("something follows the array")
	}
	return r, io.EOF
}

// expect reads the token that must come next.
func (j *jsonReader) expect(want json.Delim) error {
	got, err := j.dec.Token()
	if err == nil && got != want {
		err = fmt.Errorf("%v where an array of rows has %v", got, want)
	}
	return whole(err)
}

// whole explains an end of the input in the middle of a report.
func whole(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the report is not whole: %w", io.ErrUnexpectedEOF)
	}
	return err
}
