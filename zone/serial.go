package zone

import "time"

// slack is how far ahead the clocks of registries, and their days, may be.
const slack = 48 * time.Hour

// dateOf returns the time that the serial of a SOA record stands for, if it does:
// YYYYMMDDnn, or seconds since 1970.
func dateOf(serial uint32, now time.Time) (date time.Time, ok bool) {
	year, month, day := int(serial/1_000_000), time.Month(serial/10_000%100), int(serial/100%100)
	date = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if y, m, d := date.Date(); y != year || m != month || d != day {
		date = time.Time{}
	}
	first := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, t := range []time.Time{date, time.Unix(int64(serial), 0).UTC()} {
		if t.After(first) && t.Before(now.Add(slack)) {
			return t, true
		}
	}
	return time.Time{}, false
}
