// Package retryafter reads how long an HTTP server asks to be left alone.
package retryafter

import (
	"net/http"
	"strconv"
	"time"
)

// Parse reads the header field Retry-After (RFC 9110 section 10.2.3): seconds,
// or a date. It is zero when there is none, and at most the given time.
func Parse(h http.Header, most time.Duration) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, most)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(0, time.Until(t)), most)
	}
	return 0
}
