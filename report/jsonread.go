package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"domprobe/candidate"
	"domprobe/probe"
)

// An object is a row of a JSON report.
type object struct {
	Domain    *string  `json:"domain"`
	Verdict   *string  `json:"verdict"`
	Reason    string   `json:"reason"`
	Source    string   `json:"source"`
	Keyword   string   `json:"keyword"`
	TLD       string   `json:"tld"`
	Unicode   string   `json:"unicode"`
	Rcode     string   `json:"rcode"`
	Server    string   `json:"server"`
	RTT       *float64 `json:"rtt_ms"`
	Tries     uint16   `json:"tries"`
	CheckedAt string   `json:"checked_at"`
	TTL       uint32   `json:"ttl"`
	Error     string   `json:"error"`
}

// result checks an object.
func (o *object) result() (probe.Result, error) {
	var r probe.Result
	if o.Domain == nil || o.Verdict == nil {
		return r, errors.New("not a row of a report: there is no domain or no verdict")
	}
	r.Name = unescape(*o.Domain)
	r.Reason = candidate.Reason(unescape(o.Reason))
	r.Source = unescape(o.Source)
	r.Keyword = unescape(o.Keyword)
	r.TLD = unescape(o.TLD)
	r.Unicode = unescape(o.Unicode)
	r.Server = unescape(o.Server)
	r.Tries = int(o.Tries)
	if o.Error != "" {
		r.Err = errors.New(unescape(o.Error))
	}
	var err error
	if r.Verdict, err = probe.ParseVerdict(*o.Verdict); err != nil {
		return r, err
	}
	if r.Rcode, err = parseRcode(o.Rcode); err != nil {
		return r, err
	}
	if o.RTT != nil {
		if r.RTT, err = millis(*o.RTT); err != nil {
			return r, err
		}
	}
	if r.At, err = parseTime(o.CheckedAt); err != nil {
		return r, err
	}
	r.TTL, err = parseSeconds(strconv.FormatUint(uint64(o.TTL), 10))
	return r, err
}

func readJSONLines(r io.Reader) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		l := newLines(r)
		for line, err := range l.each() {
			var res probe.Result
			if err == nil {
				if res, err = objectResult(line); err != nil {
					err = &RowError{l.n, err}
				}
			}
			if !yield(res, err) || err != nil {
				return
			}
		}
	}
}

// objectResult reads a row of JSON.
func objectResult(line []byte) (probe.Result, error) {
	var o object
	if err := json.Unmarshal(line, &o); err != nil {
		return probe.Result{}, err
	}
	return o.result()
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
		for dec.More() {
			var o object
			err := dec.Decode(&o)
			if err != nil {
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

// whole turns an end of input in the middle of a report into what it means.
func whole(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the report is not whole: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// A meter counts the lines of what a JSON decoder reads, and bounds how far
// that reads ahead.
type meter struct {
	r      io.Reader
	read   int64
	passed int64   // what the decoder is done with
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

// line says on which line the decoder is, which has passed offset.
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
