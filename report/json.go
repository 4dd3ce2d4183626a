package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
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
		e := &jsonObjects{fields: o.fields(), errors: o.Columns == nil, array: array}
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

// appendString appends s as a JSON string. Beyond what RFC 8259 section 7 asks
// for it escapes all that a terminal could take for a command.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if plainString.has(s) {
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

// An object reads rows of a JSON report: package encoding/json fills a struct
// that has a member for each field, and one for the error.
type object struct {
	row     any       // a pointer to the struct
	members []*string // in order
	result  probe.Result
}

// objectType is the type of the struct.
var objectType = func() reflect.Type {
	var members []reflect.StructField
	add := func(name string, t reflect.Type) {
		tag := reflect.StructTag(`json:"` + name + `"`)
		members = append(members, reflect.StructField{Name: strings.ToUpper(name), Type: t, Tag: tag})
	}
	for i := range fields {
		t := reflect.TypeFor[string]()
		if fields[i].text == nil && !fields[i].quoted {
			t = reflect.TypeFor[number]()
		}
		add(fields[i].name, t)
	}
	add("error", reflect.TypeFor[string]())
	return reflect.StructOf(members)
}()

// A number is the text of a JSON value that is no string.
type number string

// UnmarshalJSON leaves the number alone for null, as package encoding/json does
// with a string.
func (n *number) UnmarshalJSON(text []byte) error {
	if string(text) != "null" {
		*n = number(text)
	}
	return nil
}

func newObject() *object {
	row := reflect.New(objectType)
	o := &object{row: row.Interface()}
	for i := range objectType.NumField() {
		member := row.Elem().Field(i).Addr().Convert(reflect.TypeFor[*string]())
		o.members = append(o.members, member.Interface().(*string))
	}
	return o
}

// absent is the text of a member that is not there, or null. It is not UTF-8,
// and so cannot come from JSON.
const absent = "\xff"

// read returns the row of the object that decode decodes.
func (o *object) read(decode func(row any) error) (probe.Result, error) {
	o.result = unread
	for _, member := range o.members {
		*member = absent
	}
	if err := decode(o.row); err != nil {
		return o.result, err
	}
	for i := range fields {
		f, s := &fields[i], *o.members[i]
		if s == absent {
			if f.needed {
				return o.result, errors.New("not a row of a report: there is no domain or no verdict")
			}
			continue
		}
		if err := f.set(&o.result, s); err != nil {
			return o.result, err
		}
	}
	if s := *o.members[len(fields)]; s != absent && s != "" {
		o.result.Err = errors.New(unescape(s))
	}
	return o.result, nil
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
		j.end += int64(n)
		return n, line, err
	})
	return j
}

func (j *jsonLinesReader) offset() int64 { return j.end }

func (j *jsonLinesReader) next() (r probe.Result, err error) {
	for j.lines.Scan() {
		j.line++
		line := j.lines.Bytes()
		if len(line) == 0 {
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
