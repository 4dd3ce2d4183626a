package cli

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	healthy := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" || r.Header.Get("Authorization") != "" || !healthy {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	for _, listen := range []string{"127.0.0.1:" + port, "0.0.0.0:" + port, ":" + port, "localhost:" + port} {
		// The token is for clients that search.
		code, out, stderr := printed(t, "serve", "--health", "--listen", listen, "--token", "correct horse")
		if code != 0 || out != "" || stderr != "" {
			t.Errorf("%s: exit code %d, %q, %q", listen, code, out, stderr)
		}
	}
	healthy = false
	code, _, stderr := printed(t, "serve", "--health", "--listen", "127.0.0.1:"+port)
	if code != 1 || !strings.Contains(stderr, "503") {
		t.Errorf("of a server that is not well: exit code %d, %q", code, stderr)
	}
	server.Close()
	code, _, stderr = printed(t, "serve", "--health", "--listen", "127.0.0.1:"+port)
	if code != 1 || !strings.Contains(stderr, "/healthz") {
		t.Errorf("of no server: exit code %d, %q", code, stderr)
	}
}

func TestReachable(t *testing.T) {
	for listen, want := range map[string]string{
		"[::]:8053": "[::1]:8053", ":8053": "127.0.0.1:8053", "192.0.2.7:8053": "192.0.2.7:8053", "nonsense": "nonsense",
	} {
		if got := reachable(listen); got != want {
			t.Errorf("reachable(%q) = %q, want %q", listen, got, want)
		}
	}
}

// printed runs a command line without input, and returns all that it printed.
func printed(t *testing.T, args ...string) (code int, out, stderr string) {
	t.Helper()
	var b strings.Builder
	code, stderr = runLine(t, t.Context(), strings.NewReader(""), &b, args...)
	return code, b.String(), stderr
}
