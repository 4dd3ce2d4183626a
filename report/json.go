package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
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

func newJSON(o Options) encoder      { return newObjects(o, true) }
func newJSONLines(o Options) encoder { return newObjects(o, false) }

func newObjects(o Options, array bool) *jsonObjects {
	e := &jsonObjects{fields: o.fields(), errors: o.Columns == nil, array: array}
	for _, f := range e.fields {
		e.keys = append(e.keys, `,"`+f.name+`":`)
	}
	return e
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
	if e.array {
		if e.rows {
			dst = append(dst, ',')
		}
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
		dst = append(dst, s...)
	} else {
		dst = appendOdd(dst, s)
	}
	return append(dst, '"')
}

func appendOdd(dst []byte, s string) []byte {
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1, strings.HasPrefix(s, `\x`):
			dst = append(dst, '\\', '\\', 'x', hexDigits[s[0]>>4], hexDigits[s[0]&15])
		case r == '"' || r == '\\':
			dst = append(dst, '\\', s[0])
		case isControl(r):
			dst = append(dst, '\\', 'u', hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
		default:
			dst = append(dst, s[:size]...)
		}
		s = s[size:]
	}
	return dst
}

// An object reads rows of a JSON report: package encoding/json fills a struct
// that has a member for each field, and one for the error.
type object struct {
	row     any // a pointer to the struct
	texts   [len(fields) + 1]*string
	numbers [len(fields)]*json.RawMessage
	res     probe.Result
}

// objectType is the type of the struct.
var objectType = func() reflect.Type {
	member := func(name string, t reflect.Type) reflect.StructField {
		return reflect.StructField{Name: strings.ToUpper(name), Type: t, Tag: reflect.StructTag(`json:"` + name + `"`)}
	}
	var members []reflect.StructField
	for i := range fields {
		t := reflect.TypeFor[string]()
		if fields[i].isNumber() {
			t = reflect.TypeFor[json.RawMessage]()
		}
		members = append(members, member(fields[i].name, t))
	}
	return reflect.StructOf(append(members, member("error", reflect.TypeFor[string]())))
}()

func (f *field) isNumber() bool { return f.text == nil && !f.quoted }

func newObject() *object {
	row := reflect.New(objectType)
	o := &object{row: row.Interface()}
	for i := range objectType.NumField() {
		switch p := row.Elem().Field(i).Addr().Interface().(type) {
		case *string:
			o.texts[i] = p
		case *json.RawMessage:
			o.numbers[i] = p
		}
	}
	return o
}

// absent is the text of a member that is not there, or null. It is not UTF-8,
// and so cannot come from JSON.
const absent = "\xff"

// clear makes all members absent.
func (o *object) clear() {
	for i := range fields {
		if o.numbers[i] != nil {
			*o.numbers[i] = (*o.numbers[i])[:0]
		} else {
			*o.texts[i] = absent
		}
	}
	*o.texts[len(fields)] = absent
}

// member returns the text of a field, or absent.
func (o *object) member(i int) string {
	if o.texts[i] != nil {
		return *o.texts[i]
	}
	if s := string(*o.numbers[i]); s != "" && s != "null" {
		return s
	}
	return absent
}

// result returns the row that the object is.
func (o *object) result() (probe.Result, error) {
	o.res = probe.Result{Rcode: -1}
	for i := range fields {
		f := &fields[i]
		s := o.member(i)
		if s == absent {
			if f.needed {
				return o.res, errors.New("not a row of a report: there is no domain or no verdict")
			}
			continue
		}
		if err := f.set(&o.res, s); err != nil {
			return o.res, err
		}
	}
	if s := *o.texts[len(fields)]; s != absent && s != "" {
		o.res.Err = errors.New(unescape(s))
	}
	return o.res, nil
}

func readJSONLines(r io.Reader) iter.Seq2[probe.Result, error] {
	return rowsOf(newObjectLines(r).next)
}

// objectLines reads the rows of jsonl.
type objectLines struct {
	lines *lines
	raw   []byte // the row as it stands
	row   *object
}

func newObjectLines(r io.Reader) *objectLines {
	return &objectLines{lines: newLines(r), row: newObject()}
}

// next reads a row. The error is io.EOF after the last one.
func (o *objectLines) next() (r probe.Result, err error) {
	for {
		if o.raw, err = o.lines.next(); err != nil {
			return r, err
		}
		if len(bytes.TrimRight(o.raw, "\r\n")) > 0 {
			break
		}
	}
	o.row.clear()
	if err = json.Unmarshal(o.raw, o.row.row); err == nil {
		r, err = o.row.result()
	}
	if err != nil {
		err = &RowError{o.lines.n, err}
	}
	return r, err
}

func readJSON(r io.Reader) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		m := &meter{r: r}
		dec := json.NewDecoder(m)
		fail := func(err error) {
			if m.err == nil { // not the reader's own
				err = &RowError{m.line(dec.InputOffset()), err}
			}
			yield(probe.Result{}, err)
		}
		if err := expect(dec, json.Delim('[')); err != nil {
			fail(err)
			return
		}
		o := newObject()
		for dec.More() {
			o.clear()
			if err := dec.Decode(o.row); err != nil {
				fail(whole(err))
				return
			}
			m.line(dec.InputOffset())
			res, err := o.result()
			if err != nil {
				fail(err)
				return
			}
			if !yield(res, nil) {
				return
			}
		}
		if err := expect(dec, json.Delim(']')); err != nil {
			fail(err)
			return
		}
		if _, err := dec.Token(); err != io.EOF {
			fail(errors.New("something follows the array"))
		}
	}
}

// expect reads the token that must come next.
func expect(dec *json.Decoder, want json.Delim) error {
	got, err := dec.Token()
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

// A meter counts the lines that a JSON decoder reads, and bounds how far it
// reads ahead.
type meter struct {
	r      io.Reader
	read   int64
	passed int64   // bytes that the decoder is done with
	lines  int     // that end before passed
	ends   []int64 // of the lines after passed
	err    error   // of r
}

func (m *meter) Read(p []byte) (int, error) {
	if m.read-m.passed > maxRow {
		return 0, errLong
	}
	n, err := m.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			m.ends = append(m.ends, m.read+int64(i))
		}
	}
	m.read += int64(n)
	if err != io.EOF {
		m.err = err
	}
	return n, err
}

// line returns the number of the line that the decoder is on, which has passed
// offset.
func (m *meter) line(offset int64) int {
	m.passed = offset
	i := 0
	for i < len(m.ends) && m.ends[i] < offset {
		i++
	}
	m.lines += i
	m.ends = m.ends[:copy(m.ends, m.ends[i:])]
	return m.lines + 1
}
