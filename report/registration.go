package report

import (
	"fmt"
	"strings"
	"time"

	"domprobe/probe"
)

// The columns of what a registry publishes about a name: see [Options].Dates.
var (
	registrarField = field{name: "registrar", doc: "the registrar of the name; this and the rest only with --dates or --columns", with: withDates,
		text:  func(r *probe.Result) *string { s := registration(r).Registrar; return &s },
		parse: setRegistration(func(reg *probe.Registration, s string) error { reg.Registrar = s; return nil })}
	statusField = field{name: "status", doc: "the status of the registration (RFC 8056), several between semicolons", with: withDates,
		text: func(r *probe.Result) *string { s := strings.Join(registration(r).Status, statusGap); return &s },
		parse: setRegistration(func(reg *probe.Registration, s string) error {
			reg.Status = strings.Split(s, statusGap)
			return nil
		})}
)

func withDates(o *Options) bool { return o.Dates }

const statusGap = "; "

// dateField is a column with a day of a registration.
func dateField(name, doc string, place func(*probe.Registration) *time.Time) field {
	return field{name: name, doc: doc, with: withDates, quoted: true, null: true,
		append: func(dst []byte, r *probe.Result, _ *clock) []byte { return appendDay(dst, *place(registration(r))) },
		parse: setRegistration(func(reg *probe.Registration, s string) (err error) {
			if *place(reg), err = time.Parse(time.DateOnly, s); err != nil {
				return fmt.Errorf("%s %q is not a day like 2006-01-02", name, s)
			}
			return nil
		})}
}

// registration returns what is known of a registration, which may be nothing.
func registration(r *probe.Result) *probe.Registration {
	if r.Registration == nil {
		return new(probe.Registration)
	}
	return r.Registration
}

// setRegistration makes the parse of a field of a registration.
func setRegistration(set func(*probe.Registration, string) error) func(*probe.Result, string) error {
	return func(r *probe.Result, s string) error {
		if r.Registration == nil {
			r.Registration = new(probe.Registration)
		}
		return set(r.Registration, s)
	}
}

// appendDay appends the day of t in UTC, and nothing for the zero time or a year of
// other than four digits.
func appendDay(dst []byte, t time.Time) []byte {
	if y := t.UTC().Year(); t.IsZero() || y < 0 || y > 9999 {
		return dst
	}
	return t.UTC().AppendFormat(dst, time.DateOnly)
}

// appendDates appends when a registration ends, for people.
func appendDates(dst []byte, r *probe.Result) []byte {
	reg := registration(r)
	for _, d := range []struct {
		word string
		at   time.Time
	}{{" expires ", reg.Expires}, {" drops ", reg.Drops}} {
		if !d.at.IsZero() {
			dst = appendDay(append(dst, d.word...), d.at)
		}
	}
	return dst
}
