package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/miekg/dns"
)

// fieldNames are the names of the CSV columns and of the members of a JSON
// object, in order. New ones are added at the end.
var fieldNames = [...]string{
	"domain", "verdict", "reason", "source", "keyword", "tld", "unicode",
	"rcode", "server", "rtt_ms", "tries", "checked_at", "ttl",
}

// The places of the fields in fieldNames.
const (
	fieldDomain = iota
	fieldVerdict
	fieldReason
	fieldSource
	fieldKeyword
	fieldTLD
	fieldUnicode
	fieldRcode
	fieldServer
	fieldRTT
	fieldTries
	fieldCheckedAt
	fieldTTL
)

// rcodes is dns.RcodeToString without the hashing.
var rcodes = func() (names [32]string) {
	for code, name := range dns.RcodeToString {
		if code >= 0 && code < len(names) {
			names[code] = name
		}
	}
	return names
}()

// appendRcode appends the mnemonic of an RCODE, its number where it has none,
// and nothing where no response decided.
func appendRcode(dst []byte, rcode int) []byte {
	switch {
	case rcode < 0:
		return dst
	case rcode < len(rcodes) && rcodes[rcode] != "":
		return append(dst, rcodes[rcode]...)
	}
	return strconv.AppendInt(dst, int64(rcode), 10)
}

func parseRcode(s string) (int, error) {
	if s == "" {
		return -1, nil
	}
	if code, ok := dns.StringToRcode[s]; ok {
		return code, nil
	}
	code, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("unknown rcode %q", s)
	}
	return int(code), nil
}

// appendMillis appends d in milliseconds with up to three decimals, and
// nothing for zero.
func appendMillis(dst []byte, d time.Duration) []byte {
	us := int64(d.Round(time.Microsecond) / time.Microsecond)
	if us <= 0 {
		return dst
	}
	dst = strconv.AppendInt(dst, us/1000, 10)
	if us %= 1000; us != 0 {
		dst = append(dst, '.', '0'+byte(us/100), '0'+byte(us/10%10), '0'+byte(us%10))
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

func parseMillis(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	ms, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("rtt_ms %q is not a number", s)
	}
	return millis(ms)
}

// millis checks what a report says in milliseconds.
func millis(ms float64) (time.Duration, error) {
	us := math.Round(ms * 1000)
	if !(us >= 0 && us < 1<<50) { // 35 years, up to which a float64 is exact; not NaN
		return 0, fmt.Errorf("rtt_ms %v is out of range", ms)
	}
	return time.Duration(us) * time.Microsecond, nil
}

// appendSeconds appends d in whole seconds, and nothing for less than one.
func appendSeconds(dst []byte, d time.Duration) []byte {
	if d < time.Second {
		return dst
	}
	return strconv.AppendInt(dst, int64(d/time.Second), 10)
}

func parseSeconds(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	sec, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("ttl %q is not a number of seconds", s)
	}
	return time.Duration(sec) * time.Second, nil
}

// A clock formats times as RFC 3339 in UTC with milliseconds. It remembers the
// last second, because rows come in thousands a second.
type clock struct {
	second int64
	prefix []byte
}

// append appends t, and nothing for the zero time and for a year that RFC 3339
// cannot express.
func (c *clock) append(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return dst
	}
	if s := t.Unix(); s != c.second || c.prefix == nil {
		t = t.UTC()
		if t.Year() < 0 || t.Year() > 9999 {
			return dst
		}
		c.second = s
		c.prefix = t.AppendFormat(c.prefix[:0], "2006-01-02T15:04:05.")
	}
	dst = append(dst, c.prefix...)
	ms := t.Nanosecond() / 1e6
	return append(dst, '0'+byte(ms/100), '0'+byte(ms/10%10), '0'+byte(ms%10), 'Z')
}

func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("checked_at %q is not a time of RFC 3339", s)
	}
	t = t.UTC().Truncate(time.Millisecond)
	if t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}, fmt.Errorf("checked_at %q is out of range", s)
	}
	return t, nil
}
