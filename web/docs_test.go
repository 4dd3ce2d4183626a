package web

import (
	"encoding/json"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"domprobe/internal/dnstest/daemon"
)

// The page for people has every path, every kind of problem, and the address of the
// server that it is read from.
func TestDocs(t *testing.T) {
	server := serve(t, Options{Prober: &script{}})
	resp, page := do(t, server, "GET", "/docs", "")
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	s := server.Config.Handler.(*Server)
	for _, r := range s.routes() {
		if strings.HasPrefix(r.path, "/v1/") && !strings.Contains(page, r.method+" "+r.path) {
			t.Errorf("no %s %s", r.method, r.path)
		}
	}
	for name := range new(query).places() {
		if !strings.Contains(page, "<code>"+name+"</code>") {
			t.Errorf("no parameter %s", name)
		}
	}
	_, refused := do(t, server, "GET", "/v1/probe", "")
	var p struct{ Type string }
	if err := json.Unmarshal([]byte(refused), &p); err != nil {
		t.Fatal(err)
	}
	if _, word, ok := strings.Cut(p.Type, "/docs#"); !ok || !strings.Contains(page, `id="`+word+`"`) {
		t.Errorf("the type %q is not explained", p.Type)
	}
	if strings.Contains(page, docsDefault) || strings.Contains(page, "<script") || strings.Contains(page, "style=") {
		t.Error("the page has the address of another server, or what its policy forbids")
	}
	if style, _ := do(t, server, "GET", "/docs.css", ""); style.StatusCode != 200 || style.Header.Get("ETag") == "" {
		t.Errorf("/docs.css: %d", style.StatusCode)
	}
	_, proxied := do(t, server, "GET", "/docs", "", host("127.0.0.1:1"))
	if !strings.Contains(proxied, "http://127.0.0.1:1/v1/probe") {
		t.Error("the examples have another address than the reader")
	}
}

// Every line of the page works as it is.
func TestDocsExamples(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		daemon.Missing(t, "curl is not installed: apt-get install curl")
	}
	registry := &script{source: "dns+rdap", ttl: time.Hour}
	server := serve(t, Options{Prober: demo(t), Confirmer: registry, WatchState: watchedFile(t, "go.dev")})
	_, page := do(t, server, "GET", "/docs", "")
	examples := regexp.MustCompile(`(?s)<pre tabindex="0"><code>(.*?)</code>`).FindAllStringSubmatch(page, -1)
	if len(examples) < 8 {
		t.Errorf("%d examples", len(examples))
	}
	for _, e := range examples {
		line := html.UnescapeString(e[1])
		out, err := exec.Command("bash", "-c", "set -o pipefail; "+strings.ReplaceAll(line, "curl ", "curl -fsS ")).CombinedOutput()
		if err != nil || len(out) < 5 || strings.Contains(string(out), "problem") {
			t.Errorf("%s\n%v: %.300s", line, err, out)
		}
	}
}

// TestDescriptionLint checks the description by the recommended rules of Redocly
// (https://github.com/Redocly/redocly-cli), which DOMPROBE_REDOCLY names.
func TestDescriptionLint(t *testing.T) {
	path := os.Getenv("DOMPROBE_REDOCLY")
	if path == "" {
		daemon.Missing(t, "needs the Redocly CLI, as .ci/run provides it: npm install @redocly/cli, and DOMPROBE_REDOCLY=node_modules/.bin/redocly")
	}
	file := filepath.Join(t.TempDir(), "openapi.json")
	if err := os.WriteFile(file, assets()["openapi.json"].body, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "lint", file, "--extends", "recommended", "--max-problems", "100")
	cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "You have") {
		t.Errorf("%v\n%s", err, out)
	}
}
