package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/text"
	"domprobe/probe"
	"domprobe/probe/forsale"
)

// A field is a column of csv and tsv and a member of a JSON object. Its value is
// either a text of any bytes or has an ASCII form of its own.
type field struct {
	name, doc string
	needed    bool // in every row that is read
	blank     bool // parse is given an empty value as well

	with func(*Options) bool // whether reports have it by default; nil is all of them

	text func(r *probe.Result) *string // nil for the others

	append func(dst []byte, r *probe.Result, c *clock) []byte // nothing for a value that is not known
	parse  func(r *probe.Result, s string) error              // the inverse, but for nothing; nil for a text or a derived field
	quoted bool                                               // a string in JSON, not a number
	null   bool                                               // null in JSON when there is no value
}

// fields lists the columns of a report, in order. New ones are added at the end.
var fields = [...]field{
	{name: "domain", doc: "the name in its ASCII form", needed: true, text: func(r *probe.Result) *string { return &r.Name }},
	{name: "verdict", doc: "found, not-found, unknown or invalid", needed: true, quoted: true,
		append: func(dst []byte, r *probe.Result, _ *clock) []byte { return append(dst, r.Verdict.String()...) },
		parse:  func(r *probe.Result, s string) (err error) { r.Verdict, err = probe.ParseVerdict(s); return err }},
	{name: "reason", doc: "why", text: func(r *probe.Result) *string { return (*string)(&r.Reason) }},
	{name: "source", doc: "who decided: dns or zone, and +rdap or +whois if the registry did; of domprobe rdap: rdap or whois", text: func(r *probe.Result) *string { return &r.Source }},
	{name: "keyword", doc: "the keyword or whole domain as it was given", text: func(r *probe.Result) *string { return &r.Keyword }},
	{name: "tld", doc: "the effective TLD", text: func(r *probe.Result) *string { return &r.TLD }},
	{name: "unicode", doc: "the Unicode form of the name, if it has another one", text: func(r *probe.Result) *string { return &r.Unicode }},
	{name: "rcode", doc: "the RCODE of the response that decided", quoted: true,
		append: func(dst []byte, r *probe.Result, _ *clock) []byte { return appendRcode(dst, r.Rcode) },
		parse:  func(r *probe.Result, s string) (err error) { r.Rcode, err = parseRcode(s); return err }},
	{name: "server", doc: "the server whose response decided", text: func(r *probe.Result) *string { return &r.Server }},
	{name: "rtt_ms", doc: "the time from query to response, in milliseconds", null: true,
		append: func(dst []byte, r *probe.Result, _ *clock) []byte { return appendMillis(dst, r.RTT) },
		parse:  func(r *probe.Result, s string) (err error) { r.RTT, err = parseMillis(s); return err }},
	{name: "tries", doc: "the number of queries sent for the name",
		append: func(dst []byte, r *probe.Result, _ *clock) []byte { return strconv.AppendInt(dst, int64(r.Tries), 10) },
		parse:  func(r *probe.Result, s string) (err error) { r.Tries, err = parseTries(s); return err }},
	{name: "checked_at", doc: "the time of the verdict (RFC 3339, UTC)", quoted: true, null: true,
		append: func(dst []byte, r *probe.Result, c *clock) []byte { return c.append(dst, r.At) },
		parse:  func(r *probe.Result, s string) (err error) { r.At, err = parseTime(s); return err }},
	{name: "ttl", doc: "the seconds that a negative response may be cached", null: true,
		append: func(dst []byte, r *probe.Result, _ *clock) []byte { return appendSeconds(dst, r.TTL) },
		parse:  func(r *probe.Result, s string) (err error) { r.TTL, err = parseSeconds(s); return err }},
	{name: "prefix", doc: "the prefix glued to the keyword", text: func(r *probe.Result) *string { return &r.Prefix }},
	{name: "suffix", doc: "the suffix glued to the keyword", text: func(r *probe.Result) *string { return &r.Suffix }},
	{name: "generator", doc: "what made the keyword", text: func(r *probe.Result) *string { return &r.Generator }},
	scoreField,
	forSaleField,
	saleField("price", "the indicative price of the offer, such as EUR999", func(s *forsale.Sale) *string { return &s.Price }),
	saleField("sale_uri", "where to ask about the offer, which nobody has checked", func(s *forsale.Sale) *string { return &s.URI }),
	saleField("sale_text", "the text of the offer", func(s *forsale.Sale) *string { return &s.Text }),
	{name: "parked", doc: "the service whose name servers the name has, a hint that it is parked there; only with --parked",
		with: withParked, text: func(r *probe.Result) *string { return &r.Parked }},
	registrarField,
	dateField("created", "the day of the registration", func(reg *probe.Registration) *time.Time { return &reg.Created }),
	dateField("expires", "the day on which it expires", func(reg *probe.Registration) *time.Time { return &reg.Expires }),
	statusField,
	dateField("drops", "the day by which anybody can have the name", func(reg *probe.Registration) *time.Time { return &reg.Drops }),
	{name: "via", doc: "the worker that decided; only with --nats or --columns",
		with: func(o *Options) bool { return o.Via }, text: func(r *probe.Result) *string { return &r.Via }},
}

// everyReport is the number of columns that every report has.
const everyReport = len(fields) - 12

// A Column documents a column of the reports in csv and tsv, which is a member
// of the objects in json and jsonl.
type Column struct{ Name, Text string }

// Columns returns the columns of every report in the order in which they are
// written.
func Columns() []Column { return columnsOf(fields[:everyReport]) }

func columnsOf(fields []field) []Column {
	all := make([]Column, len(fields))
	for i, f := range fields {
		all[i] = Column{f.name, f.doc}
	}
	return all
}

// A ColumnError says that a column is not known, or that it is named twice.
type ColumnError struct {
	Column   string
	Repeated bool
}

func (e *ColumnError) Error() string {
	if e.Repeated {
		return fmt.Sprintf("column %q is named twice", e.Column)
	}
	known := text.Of(fields[:], func(f field) string { return f.name })
	return fmt.Sprintf("unknown column %q (known: %s)", e.Column, strings.Join(known, ", "))
}

func fieldNames() []string { return text.Of(Columns(), func(c Column) string { return c.Name }) }

// fieldOf returns the field with a name, or nil.
func fieldOf(name string) *field {
	if i := slices.IndexFunc(fields[:], func(f field) bool { return f.name == name }); i >= 0 {
		return &fields[i]
	}
	return nil
}

// fields returns the chosen columns, which are all by default.
func (o *Options) fields() []*field {
	names := o.Columns
	if len(names) == 0 {
		names = append(fieldNames(), o.extraNames()...)
	}
	chosen := make([]*field, len(names))
	for i, name := range names {
		chosen[i] = fieldOf(name)
	}
	return chosen
}

// check returns the format with a name, a [*FormatError], or a [*ColumnError] for
// a bad choice of columns.
func (o *Options) check(name string) (*format, error) {
	for i, column := range o.Columns {
		if repeated := slices.Contains(o.Columns[:i], column); repeated || fieldOf(column) == nil {
			return nil, &ColumnError{column, repeated}
		}
	}
	return lookup(name)
}

// set sets the field of r, which is new, to a value that was read from a report.
func (f *field) set(r *probe.Result, s string) error {
	if f.text != nil {
		s = unescape(s)
	}
	switch {
	case f.derived():
	case f.parse == nil:
		*f.text(r) = s
	case s != "" || f.needed || f.blank:
		return f.parse(r, s)
	}
	return nil
}

// derived reports whether the value follows from other fields, and is not read.
func (f *field) derived() bool { return f.text == nil && f.parse == nil }

// unread is the result of a row of which nothing was read yet.
var unread = probe.Result{Rcode: -1}

func parseTries(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("tries %q is not a number", s)
	}
	return int(n), nil
}

// rcodes is dns.RcodeToString as an array, which is faster.
var rcodes = func() (names [32]string) {
	for code, name := range dns.RcodeToString {
		if code >= 0 && code < len(names) {
			names[code] = name
		}
	}
	return names
}()

// appendRcode appends the mnemonic of an RCODE, or its number if it has none, and
// nothing if no response decided.
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
	ms, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("rtt_ms %q is not a number", s)
	}
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

// append appends t, and nothing for the zero time or a year that RFC 3339 cannot
// express.
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
