package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"domprobe/candidate"
)

// The types of parameters beside bool, int and string. In a URL
// a comma is between words, and belongs to a text.
type (
	words []string
	texts []string
)

// places returns where the values of the parameters of a query belong, by the
// names of the parameters.
func (q *query) places() map[string]any {
	all := map[string]any{}
	v := reflect.ValueOf(q).Elem()
	for _, f := range reflect.VisibleFields(v.Type()) {
		if name := f.Tag.Get("json"); name != "" {
			all[name] = v.FieldByIndex(f.Index).Addr().Interface()
		}
	}
	return all
}

// kindOf says in words how the value at a place is written in JSON.
func kindOf(place any) string {
	switch place.(type) {
	case *words, *texts:
		return "a text or a list of texts"
	case *bool:
		return "true or false"
	case *int:
		return "a whole number"
	}
	return "a text"
}

// parseQuery reads the parameters of a URL. An unknown one is an error: a client
// that gives a resolver, for example, must learn that it is not used.
func parseQuery(raw string) (*query, *problem) {
	params, err := url.ParseQuery(raw)
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "the parameters cannot be read: %v", err)
	}
	q := &query{}
	places := q.places()
	for name, given := range params {
		place := places[name]
		if place == nil {
			return nil, unknownParameter(name)
		}
		if err := assign(place, given); err != nil {
			return nil, problemf(http.StatusBadRequest, "%s: %v", name, err)
		}
	}
	return q, nil
}

func unknownParameter(name string) *problem {
	return problemf(http.StatusBadRequest, "the parameter %.100q is not known", name)
}

// assign sets the value of a parameter that a URL gives so often.
func assign(place any, given []string) error {
	switch place := place.(type) {
	case *words:
		*place = split(given)
		return nil
	case *texts:
		*place = given
		return nil
	}
	if len(given) != 1 {
		return errors.New("it is one word, given once")
	}
	var err error
	switch place := place.(type) {
	case *bool:
		*place, err = strconv.ParseBool(given[0])
	case *int:
		*place, err = strconv.Atoi(given[0])
	case *string:
		*place = given[0]
	}
	if err != nil {
		return fmt.Errorf("%.100q is not %s", given[0], kindOf(place))
	}
	return nil
}

func split(given []string) (list words) {
	for word := range strings.SplitSeq(strings.Join(given, ","), ",") {
		if word = strings.TrimSpace(word); word != "" {
			list = append(list, word)
		}
	}
	return list
}

// parseJSON reads the parameters of a JSON object.
func parseJSON(body io.Reader) (*query, *problem) {
	d := json.NewDecoder(body)
	var given map[string]json.RawMessage
	if err := d.Decode(&given); err != nil {
		return nil, bodyProblem(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, problemf(http.StatusBadRequest, "the body is more than one JSON object")
	}
	q := &query{}
	places := q.places()
	for name, value := range given {
		place := places[name]
		if place == nil {
			return nil, unknownParameter(name)
		}
		switch place.(type) {
		case *words, *texts:
			if value[0] == '"' { // a list of one
				value = fmt.Appendf(nil, "[%s]", value)
			}
		}
		if json.Unmarshal(value, place) != nil {
			return nil, problemf(http.StatusBadRequest, "%s must be %s", name, kindOf(place))
		}
	}
	return q, nil
}

// listProblem says why a list cannot be read.
func listProblem(err error) *problem {
	if line, ok := errors.AsType[*candidate.LineError](err); ok {
		return problemf(http.StatusBadRequest, "the list cannot be read: %v", line)
	}
	return bodyProblem(err)
}

// bodyProblem says why a body cannot be read.
func bodyProblem(err error) *problem {
	var tooLarge *http.MaxBytesError
	var timeout interface{ Timeout() bool }
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &tooLarge):
		return problemf(http.StatusRequestEntityTooLarge, "the body is over %d octets", tooLarge.Limit)
	case errors.As(err, &timeout) && timeout.Timeout():
		return problemf(http.StatusRequestTimeout, "the body took too long")
	case errors.As(err, &syntax):
		return problemf(http.StatusBadRequest, "the body cannot be read: it is no JSON from octet %d on", syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return problemf(http.StatusBadRequest, "the body cannot be read: it ends too early")
	}
	return problemf(http.StatusBadRequest, "the body cannot be read: it must be an object with the parameters")
}
