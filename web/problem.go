package web

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// A problem says why a request is refused (RFC 9457).
type problem struct {
	Status int    `json:"status"`
	Detail string `json:"detail"`

	retry time.Duration // after which the request will be served; 0 is not known
}

func problemf(status int, format string, args ...any) *problem {
	return &problem{Status: status, Detail: fmt.Sprintf(format, args...)}
}

// problems are the types of problems, by status: a word for the URI, and the title.
var problems = map[int][2]string{
	http.StatusBadRequest:            {"bad-request", "The request cannot be understood"},
	http.StatusUnauthorized:          {"no-token", "A token is needed"},
	http.StatusForbidden:             {"other-site", "Requests from other sites are not answered"},
	http.StatusNotFound:              {"no-such-path", "There is nothing at this path"},
	http.StatusMethodNotAllowed:      {"no-such-method", "The path has no such method"},
	http.StatusNotAcceptable:         {"not-acceptable", "There is no such format"},
	http.StatusRequestTimeout:        {"too-slow", "The request took too long"},
	http.StatusRequestEntityTooLarge: {"too-large", "The request is too large"},
	http.StatusUnsupportedMediaType:  {"wrong-type", "The body is of another type"},
	http.StatusMisdirectedRequest:    {"wrong-host", "The server has another name"},
	http.StatusTooManyRequests:       {"too-many", "Too many requests"},
	http.StatusNotImplemented:        {"not-offered", "The server does not offer this"},
	http.StatusServiceUnavailable:    {"no-answer", "There is no answer now"},
}

// problemPath is the page that explains the types of problems.
const problemPath = "/docs#problem-"

// refuse answers with a problem.
func refuse(w http.ResponseWriter, p *problem) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="domprobe"`)
	}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retry.Seconds()))))
	}
	w.WriteHeader(p.Status)
	kind := problems[p.Status]
	// A client that has left needs no answer.
	_ = json.NewEncoder(w).Encode(struct {
		Type  string `json:"type"`
		Title string `json:"title"`
		*problem
	}{problemPath + kind[0], kind[1], p})
}
