package watch

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestWebhook(t *testing.T) {
	secret := []byte("correct horse")
	var got *http.Request
	var body []byte
	status := http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer server.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	sink, err := Webhook(server.URL+"/hook?key=hidden", secret, "domprobe/1")
	if err != nil {
		t.Fatal(err)
	}
	e := Event{ID: "ab-7", At: epoch, Name: "go.dev", Kind: Expires, Old: "2026-01-01", New: "2027-01-01"}
	if err := sink.Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	const want = `{"v":1,"id":"ab-7","at":"2026-03-01T12:00:00Z","domain":"go.dev","event":"expires","old":"2026-01-01","new":"2027-01-01"}`
	if string(body) != want {
		t.Errorf("the body is %s", body)
	}
	for header, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "domprobe/1", IDHeader: "ab-7",
		// printf %s BODY | openssl dgst -sha256 -hmac 'correct horse'
		SignatureHeader: Sign(secret, []byte(want)),
	} {
		if got.Header.Get(header) != want {
			t.Errorf("%s is %q, want %q", header, got.Header.Get(header), want)
		}
	}
	if got.Method != http.MethodPost || got.URL.String() != "/hook?key=hidden" {
		t.Errorf("%s %s", got.Method, got.URL)
	}
	for _, status = range []int{199 + 101, 302, 404, 500} {
		err := sink.Deliver(t.Context(), e)
		if err == nil || strings.Contains(err.Error(), "hidden") || got.URL.Path != "/hook" {
			t.Errorf("status %d: %v, asked %s", status, err, got.URL)
		}
	}
	server.Close()
	if err := sink.Deliver(t.Context(), e); err == nil || strings.Contains(err.Error(), "hidden") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("the server is down: %v", err)
	}
}

// The example of RFC 4231, section 4.3.
func TestSign(t *testing.T) {
	const want = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	if got := Sign([]byte("Jefe"), []byte("what do ya want for nothing?")); got != want {
		t.Errorf("%s", got)
	}
}

func TestWebhookAddress(t *testing.T) {
	for _, address := range []string{"", "example.com", "ftp://example.com/", "https://", "http://%zz", "/hook"} {
		if _, err := Webhook(address, nil, ""); err == nil || !strings.Contains(err.Error(), "https://") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestUnsigned(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, signed := r.Header[SignatureHeader]; signed {
			w.WriteHeader(http.StatusTeapot)
		}
		if body, _ := io.ReadAll(r.Body); !json.Valid(body) {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	defer server.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	sink, err := Webhook(server.URL, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := sink.Deliver(ctx, Event{New: "\u202e\x1b[31m<&>"}); err != nil {
		t.Error(err)
	}
}
