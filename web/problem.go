package web

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// A problem says why a request is refused (RFC 9457).
type problem struct {
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func problemf(status int, format string, args ...any) *problem {
	return &problem{status, fmt.Sprintf(format, args...)}
}

// refuse answers with a problem.
func refuse(w http.ResponseWriter, p *problem) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="domprobe"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "1")
		}
	}
	w.WriteHeader(p.Status)
	// A client that has left needs no answer.
	_ = json.NewEncoder(w).Encode(struct {
		Title string `json:"title"`
		*problem
	}{http.StatusText(p.Status), p})
}
