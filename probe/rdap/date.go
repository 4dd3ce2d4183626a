package rdap

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The ways in which registries write a day, at the start of a text. Days, months
// and years are the groups in the order of the letters.
var dateForms = []struct {
	order string
	expr  func() *regexp.Regexp
}{
	{"ymd", lazily(`^(\d{4})-(\d{1,2})-(\d{1,2})`)},
	{"ymd", lazily(`^(\d{4})/(\d{1,2})/(\d{1,2})`)},
	{"ymd", lazily(`^(\d{4})\. ?(\d{1,2})\. ?(\d{1,2})`)},
	{"ymd", lazily(`^(\d{4})(\d{2})(\d{2})(?:\d{6})?`)},
	{"ymd", lazily(`^(\d{4})[- ]([a-z]{3,9})[- ](\d{1,2})`)},
	{"dmy", lazily(`^(\d{1,2})(?:st|nd|rd|th)?[- .]([a-z]{3,9})[- .,]+(\d{4})`)},
	{"dmy", lazily(`^(?:[a-z]{3},? )(\d{1,2}) ([a-z]{3,9}) (\d{4})`)},
	{"mdy", lazily(`^(?:[a-z]{3},? +)?([a-z]{3,9}) +(\d{1,2}),? +(\d{4})`)},
	{"mdy", lazily(`^(?:[a-z]{3} +)?([a-z]{3}) +(\d{1,2}) [\d:]+(?: [a-z]+)? (\d{4})`)},
	{"dmy", lazily(`^(\d{1,2})\.(\d{1,2})\.(\d{4})`)},
	{"?", lazily(`^(\d{1,2})[/-](\d{1,2})[/-](\d{4})`)},
}

// timeForms are the ways to write a date with a time and its zone.
var timeForms = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 UTC",
	"2006-01-02 15:04:05 (UTC-07)", "02-Jan-2006 15:04:05 UTC", "02-Jan-2006 15:04:05 GMT", "20060102 15:04:05 UTC",
	"Mon Jan _2 15:04:05 GMT 2006", "Mon Jan _2 15:04:05 UTC 2006",
}

// parseDate reads the date of a WHOIS record, whose key may say how it is
// written. What can be read in two ways is the zero time, as is anything else.
// Without a zone the time of day is left out.
func parseDate(key, value string) time.Time {
	value = strings.TrimSpace(value)
	for _, form := range timeForms {
		if t, err := time.Parse(form, value); err == nil && plausible(t) {
			return t.UTC()
		}
	}
	lower := strings.ToLower(value)
	for _, form := range dateForms {
		if m := form.expr().FindStringSubmatch(lower); m != nil && endsDate(lower[len(m[0]):]) {
			return day(dayOrder(form.order, key, m[1:]), m[1:])
		}
	}
	return time.Time{}
}

// endsDate reports whether a date can end before the rest of the text.
func endsDate(rest string) bool {
	return rest == "" || rest[0] == 't' || strings.ContainsAny(rest[:1], " \t.,(+:")
}

// dayOrder says which of three numbers is the day where the form leaves it open.
func dayOrder(order, key string, parts []string) string {
	a, _ := strconv.Atoi(parts[0])
	b, _ := strconv.Atoi(parts[1])
	switch {
	case order != "?":
		return order
	case strings.Contains(key, "dd/mm"), strings.Contains(key, "jj/mm"), a > 12, a == b:
		return "dmy"
	case strings.Contains(key, "mm/dd"), b > 12:
		return "mdy"
	}
	return ""
}

func day(order string, parts []string) time.Time {
	var y, m, d int
	for i, letter := range order {
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			n = month(parts[i])
		}
		switch letter {
		case 'y':
			y = n
		case 'm':
			m = n
		case 'd':
			d = n
		}
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d || t.Month() != time.Month(m) || !plausible(t) {
		return time.Time{}
	}
	return t
}

// month returns the number of a month that is written as a word, or 0.
func month(word string) int {
	for m := time.January; m <= time.December; m++ {
		name := strings.ToLower(m.String())
		if word == name || word == name[:3] || word == "sept" && m == time.September {
			return int(m)
		}
	}
	return 0
}

// plausible reports whether a registration can have such a date.
func plausible(t time.Time) bool { return t.Year() >= 1980 && t.Year() < 2200 }
