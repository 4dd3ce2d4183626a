package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"sync"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

//go:embed page.html login.html openapi.json static
var files embed.FS

// kinds are the media types of the files, by the end of their names.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".json": "application/json",
}

// An asset is a file as it is served.
type asset struct {
	kind string
	body []byte
	etag string
}

func newAsset(kind string, body []byte) asset {
	return asset{kind, body, tagOf(body)}
}

// assets are the embedded files, by name.
var assets = sync.OnceValue(func() map[string]asset {
	all := map[string]asset{}
	// Reading embedded files does not fail.
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, _ error) error {
		if body, err := files.ReadFile(name); err == nil {
			all[name] = newAsset(kinds[path.Ext(name)], body)
		}
		return nil
	})
	return all
})

func (a asset) serve(w http.ResponseWriter, r *http.Request) *problem {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", a.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
	return nil
}

// page answers with the search page, or asks for the token.
func (s *Server) page(w http.ResponseWriter, r *http.Request) *problem {
	if !s.authorized(r, pageCookieName) {
		askToken(w, false)
		return nil
	}
	return assets()["page.html"].serve(w, r)
}

// askToken answers with the page that asks for the token.
func askToken(w http.ResponseWriter, wrong bool) {
	login := assets()["login.html"]
	body := login.body
	if wrong {
		body = bytes.Replace(body, []byte(`role="alert" hidden`), []byte(`role="alert"`), 1)
	}
	w.Header().Set("Content-Type", login.kind)
	w.WriteHeader(http.StatusUnauthorized)
	// A client that has left needs no answer.
	_, _ = w.Write(body)
}

// A preset is a named set of TLDs.
type preset struct {
	Name string   `json:"name"`
	TLDs []string `json:"tlds"`
}

// choices returns the choices that the page offers.
func choices(opts Options) asset {
	var presets []preset
	for _, name := range candidate.Presets() {
		// Each of these names has a set.
		tlds, _ := candidate.Preset(name)
		presets = append(presets, preset{name, tlds})
	}
	prefixes, suffixes := candidate.Affixes()
	reasons := make(map[probe.Reason]string)
	for _, doc := range probe.Reasons() {
		reasons[doc.Reason] = doc.Text
	}
	// Strings and numbers can be encoded.
	body, _ := json.Marshal(struct {
		Presets   []preset                `json:"presets"`
		TLDs      []string                `json:"tlds"`
		Prefixes  []string                `json:"prefixes"`
		Suffixes  []string                `json:"suffixes"`
		Reasons   map[probe.Reason]string `json:"reasons"`
		MaxNames  int                     `json:"max_names"`
		Confirm   bool                    `json:"confirm"`
		Watched   bool                    `json:"watched"`
		Registrar string                  `json:"registrar,omitempty"`
	}{presets, candidate.TLDs(), prefixes, suffixes, reasons, opts.MaxNames, opts.Confirmer != nil, opts.WatchState != "", opts.Registrar})
	return newAsset(formats["json"], append(body, '\n'))
}
