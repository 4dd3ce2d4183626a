package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

//go:embed page.html page.css page.js login.html login.js icon.svg openapi.json
var files embed.FS

// An asset is an embedded file as it is served.
type asset struct {
	kind string
	body []byte
	etag string
}

func newAsset(name, kind string) asset {
	// The file is there, or the program would not have been built.
	body, _ := files.ReadFile(name)
	sum := sha256.Sum256(body)
	return asset{kind, body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

// assets are the files that need no token, by path: they are the same
// everywhere.
var assets = map[string]asset{
	"/page.css":     newAsset("page.css", "text/css; charset=utf-8"),
	"/page.js":      newAsset("page.js", "text/javascript; charset=utf-8"),
	"/login.js":     newAsset("login.js", "text/javascript; charset=utf-8"),
	"/icon.svg":     newAsset("icon.svg", "image/svg+xml"),
	"/openapi.json": newAsset("openapi.json", "application/json"),
}

var (
	searchPage = newAsset("page.html", "text/html; charset=utf-8")
	loginPage  = newAsset("login.html", "text/html; charset=utf-8")
)

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", a.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}

// page answers with the page, or asks for the token.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(r, pageCookieName) {
		askToken(w, false)
		return
	}
	searchPage.serve(w, r)
}

// askToken answers with the page that asks for the token.
func askToken(w http.ResponseWriter, wrong bool) {
	body := loginPage.body
	if wrong {
		body = bytes.Replace(body, []byte(`role="alert" hidden`), []byte(`role="alert"`), 1)
	}
	w.Header().Set("Content-Type", loginPage.kind)
	w.WriteHeader(http.StatusUnauthorized)
	// A client that has left needs no answer.
	_, _ = w.Write(body)
}

// A preset is a set of TLDs to choose.
type preset struct {
	Name string   `json:"name"`
	TLDs []string `json:"tlds"`
}

// choices answers with what the page offers to choose from.
func (s *Server) choices(w http.ResponseWriter, _ *http.Request) {
	var presets []preset
	for _, name := range candidate.Presets() {
		// It has a set for each of its names.
		tlds, _ := candidate.Preset(name)
		presets = append(presets, preset{name, tlds})
	}
	prefixes, suffixes := candidate.Affixes()
	reasons := make(map[probe.Reason]string)
	for _, doc := range probe.Reasons() {
		reasons[doc.Reason] = doc.Text
	}
	w.Header().Set("Content-Type", formats["json"])
	// A client that has left needs no answer.
	_ = json.NewEncoder(w).Encode(struct {
		Presets  []preset                `json:"presets"`
		TLDs     []string                `json:"tlds"`
		Prefixes []string                `json:"prefixes"`
		Suffixes []string                `json:"suffixes"`
		Reasons  map[probe.Reason]string `json:"reasons"`
		MaxNames int                     `json:"max_names"`
		Confirm  bool                    `json:"confirm"`
	}{presets, slices.Clone(candidate.TLDs()), prefixes, suffixes, reasons, s.opts.MaxNames, s.opts.Confirmer != nil})
}
