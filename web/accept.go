package web

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// weightOf returns the weight that a header such as Accept or Accept-Encoding gives
// to a value (RFC 9110 section 12.4.2): that of the most special range it is in,
// and 0 if it is in none.
func weightOf(header []string, value string) (weight float64) {
	special := 0
	for one := range strings.SplitSeq(strings.Join(header, ","), ",") {
		given, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		this := 0
		switch general, ok := strings.CutSuffix(given, "*"); {
		case given == value:
			this = 3
		case given == "*" || given == "*/*":
			this = 1
		case ok && strings.HasPrefix(value, general):
			this = 2
		}
		if this <= special {
			continue
		}
		special, weight = this, 1
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
			weight = q
		}
	}
	return weight
}

// formatOrder is the formats in the order of preference, where a client has none.
var formatOrder = []string{"jsonl", "json", "csv", "names"}

// negotiate returns the format that a client prefers, or an empty string if it
// accepts none.
func negotiate(r *http.Request) (format string) {
	accept := r.Header.Values("Accept")
	if len(accept) == 0 {
		return formatOrder[0]
	}
	best := 0.0
	for _, name := range formatOrder {
		kind, _, _ := strings.Cut(formats[name], ";")
		if w := weightOf(accept, kind); w > best {
			format, best = name, w
		}
	}
	return format
}

// compressible reports whether bodies of a media type get smaller.
func compressible(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	switch {
	case kind == "text/event-stream":
		return false // its small parts must arrive at once
	case strings.HasPrefix(kind, "text/"), strings.HasSuffix(kind, "json"), strings.HasSuffix(kind, "+xml"):
		return true
	}
	return false
}
