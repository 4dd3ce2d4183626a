package report

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"domprobe/probe"
)

// jsonVersion is the "v" of every object.
const jsonVersion = 1

// jsonLines is the format jsonl: one object a line.
type jsonLines struct{ clock clock }

func newJSONLines(Options) encoder { return new(jsonLines) }

func (e *jsonLines) begin(dst []byte) []byte { return dst }
func (e *jsonLines) end(dst []byte) []byte   { return dst }

func (e *jsonLines) row(dst []byte, r *probe.Result) []byte {
	return append(appendObject(dst, r, &e.clock), '\n')
}

// jsonArray is the format json: an array of the same objects, one a line.
type jsonArray struct {
	clock clock
	rows  bool
}

func newJSON(Options) encoder { return new(jsonArray) }

func (e *jsonArray) begin(dst []byte) []byte { return append(dst, '[') }

func (e *jsonArray) row(dst []byte, r *probe.Result) []byte {
	if e.rows {
		dst = append(dst, ',')
	}
	e.rows = true
	return appendObject(append(dst, '\n'), r, &e.clock)
}

func (e *jsonArray) end(dst []byte) []byte {
	if e.rows {
		dst = append(dst, '\n')
	}
	return append(dst, "]\n"...)
}

// appendObject appends r as an object of RFC 8259. Every member is there in
// every object, save "error"; a number or a time that is not known is null.
func appendObject(dst []byte, r *probe.Result, c *clock) []byte {
	dst = append(dst, `{"v":1,"domain":`...)
	dst = appendString(dst, r.Name)
	dst = append(dst, `,"verdict":`...)
	dst = appendString(dst, r.Verdict.String())
	dst = append(dst, `,"reason":`...)
	dst = appendString(dst, string(r.Reason))
	dst = append(dst, `,"source":`...)
	dst = appendString(dst, r.Source)
	dst = append(dst, `,"keyword":`...)
	dst = appendString(dst, r.Keyword)
	dst = append(dst, `,"tld":`...)
	dst = appendString(dst, r.TLD)
	dst = append(dst, `,"unicode":`...)
	dst = appendString(dst, r.Unicode)
	dst = append(dst, `,"rcode":"`...)
	dst = appendRcode(dst, r.Rcode)
	dst = append(dst, `","server":`...)
	dst = appendString(dst, r.Server)
	dst = append(dst, `,"rtt_ms":`...)
	dst = orNull(dst, appendMillis(dst, r.RTT))
	dst = append(dst, `,"tries":`...)
	dst = strconv.AppendInt(dst, int64(r.Tries), 10)
	dst = c.appendJSON(append(dst, `,"checked_at":`...), r.At)
	dst = append(dst, `,"ttl":`...)
	dst = orNull(dst, appendSeconds(dst, r.TTL))
	if r.Err != nil {
		dst = append(dst, `,"error":`...)
		dst = appendString(dst, r.Err.Error())
	}
	return append(dst, '}')
}

// appendJSON appends a time as a JSON string, or null where there is none.
func (c *clock) appendJSON(dst []byte, t time.Time) []byte {
	if at := c.append(append(dst, '"'), t); len(at) > len(dst)+1 {
		return append(at, '"')
	}
	return append(dst, "null"...)
}

// orNull returns after, which is before and what was appended to it, or null
// where that is nothing.
func orNull(before, after []byte) []byte {
	if len(after) == len(before) {
		return append(after, "null"...)
	}
	return after
}

// appendString appends s as a JSON string. Beyond what RFC 8259 section 7 asks
// for it escapes all that a terminal could take for a command.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return append(appendOdd(dst, s), '"')
		}
	}
	return append(append(dst, s...), '"')
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
