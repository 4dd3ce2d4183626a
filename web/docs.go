package web

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
)

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle []byte

// docsDefault is the address in the examples of the description, in place of which
// readers see that of their server.
const docsDefault = "http://127.0.0.1:8053"

// An apiDescription is the parts of the OpenAPI file that people read.
type apiDescription struct {
	Info struct {
		Title       string
		Description string
	}
	Paths      map[string]map[string]operation
	Components struct {
		Schemas    map[string]schema
		Responses  map[string]struct{ Description string }
		Parameters map[string]parameter
	}
}

type operation struct {
	Method, Path string // of where it stands
	Summary      string
	Description  string
	Parameters   []parameter
	Examples     []struct{ Label, Source string } `json:"x-codeSamples"`
}

type parameter struct {
	Ref         string `json:"$ref"`
	Name        string
	In          string
	Required    bool
	Description string
}

type schema struct {
	Description string
	Properties  map[string]schema
}

// A problemKind is a type of problems.
type problemKind struct {
	Status            int
	Word, Title, Text string
}

// docs is what the page for people shows, but for the address of the server.
var docs = sync.OnceValue(func() *docsData {
	var d apiDescription
	if err := json.Unmarshal(assets()["openapi.json"].body, &d); err != nil {
		panic("web: the embedded description of the API is broken: " + err.Error())
	}
	data := &docsData{Title: d.Info.Title, Text: d.Info.Description, Row: d.Components.Schemas["Row"].Properties}
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.Method, op.Path = strings.ToUpper(method), path
			for i, p := range op.Parameters {
				if p.Ref != "" {
					op.Parameters[i] = d.Components.Parameters[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]
				}
			}
			data.Operations = append(data.Operations, op)
		}
	}
	// There are most examples of the paths that are used most.
	slices.SortFunc(data.Operations, func(a, b operation) int {
		return cmp.Or(len(b.Examples)-len(a.Examples), strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	for status, kind := range problems {
		data.Problems = append(data.Problems, problemKind{status, kind[0], kind[1], d.Components.Responses[fmt.Sprint(status)].Description})
	}
	slices.SortFunc(data.Problems, func(a, b problemKind) int { return a.Status - b.Status })
	return data
})

type docsData struct {
	Server      string
	Title, Text string
	Operations  []operation
	Row         map[string]schema
	Problems    []problemKind
}

// Here returns an example with the address of the server.
func (d docsData) Here(source string) string {
	return strings.ReplaceAll(source, docsDefault, d.Server)
}

var docsTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("docs").Parse(docsPage))
})

// document answers with the page that explains the API to people.
func (s *Server) document(w http.ResponseWriter, r *http.Request) *problem {
	here := *docs()
	here.Server = "http://" + r.Host
	if overTLS(r) {
		here.Server = "https://" + r.Host
	}
	var body bytes.Buffer
	if err := docsTemplate().Execute(&body, here); err != nil {
		return problemf(http.StatusServiceUnavailable, "the page cannot be made: %v", err)
	}
	return newAsset(kinds[".html"], body.Bytes()).serve(w, r)
}
