package retryafter

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestParse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
		for v, want := range map[string]time.Duration{
			"":                              0,
			"0":                             0,
			"42":                            42 * time.Second,
			"-5":                            0,
			"1.5":                           0,
			"soon":                          0,
			"7200":                          time.Hour,
			"2147483647":                    time.Hour,
			"99999999999999999999":          0,
			date(17 * time.Second):          17 * time.Second,
			date(-17 * time.Second):         0,
			"Fri, 31 Dec 9999 23:59:59 GMT": time.Hour,
			"Sat, 01 Jan 1994 00:00:00 GMT": 0,
		} {
			if d := Parse(http.Header{"Retry-After": {v}}, time.Hour); d != want {
				t.Errorf("Retry-After %q = %v, want %v", v, d, want)
			}
		}
		if d := Parse(nil, time.Hour); d != 0 {
			t.Errorf("without Retry-After: %v", d)
		}
	})
}
