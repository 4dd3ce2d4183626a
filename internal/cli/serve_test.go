package cli

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"domprobe/watch"
)

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	registries := filepath.Join(t.TempDir(), "dns.json")
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer refuses.Close()
	services := `{"version": "1.0", "services": [[["dev"], ["https://127.0.0.1:1/"]], [["io"], ["` + refuses.URL + `/"]]]}`
	if err := os.WriteFile(registries, []byte(services), 0o600); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), "watch.db")
	if _, err := watch.NewFile(state).Add(watch.State{Name: "go.dev"}); err != nil {
		t.Fatal(err)
	}
	stderr, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"domprobe", "serve", "-r", "demo", "--listen", "127.0.0.1:0", "--token", "correct horse", "--max-names", "5",
			"--rdap-bootstrap", registries, "--watch-state", state},
			Streams{In: strings.NewReader(""), Out: io.Discard, Err: w})
		w.Close()
	}()
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(stderr); in.Scan(); {
			lines <- in.Text()
		}
	}()
	next := func(want string) string {
		t.Helper()
		for line := range lines {
			if _, rest, ok := strings.Cut(line, want); ok {
				return rest
			}
		}
		t.Fatalf("no line with %q", want)
		return ""
	}
	url := next("serving on ")
	next("the page asks for the token")
	for _, tt := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "v1/probe?tld=dev&keyword=go", 200, `"go.dev","verdict":"found"`},
		{"GET", "v1/probe?tld=dev&keyword=a,b,c,d,e,f", 413, ""},
		{"GET", "v1/probe?keyword=qxvzkwj.io&confirm=true", 200, `"reason":"rdap-limited"`},
		{"GET", "v1/probe?keyword=go.dev&dates=true", 200, `"registrar":""`},
		{"GET", "v1/probe?keyword=example.com&for_sale=true", 200, `"price":"EUR999"`},
		{"GET", "metrics", 200, `domprobe_names_total{reason="rdap-limited",verdict="not-found"} 1`},
		{"GET", "v1/watched", 200, `"domain":"go.dev","verdict":"unknown"`},
		{"POST", "v1/names/qxvzkwj.dev/confirm", 200, `"reason":"rdap-failed"`},
		{"POST", "v1/names/qxvzkwj.io/confirm", 200, `"reason":"rdap-limited"`},
	} {
		r, err := http.NewRequest(tt.method, url+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer correct horse")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.status || !strings.Contains(string(body), tt.body) {
			t.Errorf("%s: %d %s", tt.path, resp.StatusCode, body)
		}
		path, _, _ := strings.Cut(tt.path, "?")
		next("127.0.0.1 " + tt.method + " /" + path + " ")
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	next("stopped")
	if code := <-ended; code != codeOK {
		t.Errorf("exit code %d", code)
	}
}

func TestServeUsage(t *testing.T) {
	for name, tt := range map[string]struct {
		args string
		want string
	}{
		"no token":       {"--listen 0.0.0.0:0", "needs a token"},
		"no token, all":  {"--listen :0", "needs a token"},
		"no token, IPv6": {"--listen [2001:db8::1]:80", "needs a token"},
		"short token":    {"--token secret", "can be guessed"},
		"bad origin":     {"--allow-origin example.org", "is no origin"},
		"argument":       {"go", "takes no arguments"},
		"no port":        {"--listen 127.0.0.1", "missing port in address; try 127.0.0.1:8053"},
		"bad port":       {"--listen 127.0.0.1:99999", "invalid port; try 127.0.0.1:8053"},
		"no names":       {"--max-names 0", "not at least 1"},
		"negative rate":  {"--client-rate -1", "not at least 0"},
		"bad resolver":   {"-r nosuch://x", "nosuch"},
		"registry rate":  {"--rdap-rate 0", "--rdap-rate"},
		"no bootstrap":   {"--rdap-bootstrap missing.json", "missing.json"},
		"no state":       {"--watch-state serve_test.go", "state file serve_test.go"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			args := append([]string{"domprobe", "serve", "-r", "127.0.0.1:1"}, strings.Fields(tt.args)...)
			code := Run(t.Context(), args, Streams{In: strings.NewReader(""), Out: io.Discard, Err: &stderr})
			if code == codeOK || !strings.Contains(stderr.String(), tt.want) || strings.Count(stderr.String(), "\n") != 1 {
				t.Errorf("exit code %d: %s", code, stderr.String())
			}
		})
	}
}

// A link to a registrar is an address with a place for the name.
func TestParseRegistrar(t *testing.T) {
	for link, ok := range map[string]bool{
		"https://registrar.example/?q={domain}": true, "http://registrar.example/{domain}": true, "https://{domain}.registrar.example/": true,
		"": false, "https://registrar.example/": false, "javascript:alert('{domain}')": false, "/{domain}": false, "https:///{domain}": false,
	} {
		if got, err := parseRegistrar(link); (err == nil) != ok || ok && got != link {
			t.Errorf("%q: %q, %v", link, got, err)
		}
	}
}
