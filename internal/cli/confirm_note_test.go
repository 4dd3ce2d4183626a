package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"domprobe/internal/term"
	"domprobe/probe"
	"domprobe/probe/rdap"
)

type noRDAP struct{}

func (noRDAP) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.WriteHeader(http.StatusInternalServerError)
	return w.Result(), nil
}

// jprs is a network of WHOIS servers on which jp has no name.
func jprs(_ context.Context, _, addr string) (net.Conn, error) {
	here, there := net.Pipe()
	go func() {
		defer there.Close()
		if _, err := bufio.NewReader(there).ReadString('\n'); err != nil {
			return
		}
		if addr == "whois.iana.org:43" {
			fmt.Fprint(there, "domain: JP\nwhois: whois.example\n")
		} else {
			fmt.Fprint(there, "[ JPRS database provides information ]\n\nNo match!!\n\n")
		}
	}()
	return here, nil
}

// With -v, a WHOIS reply without the name is not taken without saying so, nor
// is a name that stays unconfirmed.
func TestConfirmDetails(t *testing.T) {
	boot := filepath.Join(t.TempDir(), "dns.json")
	if err := os.WriteFile(boot, []byte(`{"version":"1.0","services":[[["dev"],["https://a.example/"]]]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := rdap.New(rdap.Options{Bootstrap: boot, CacheDir: os.DevNull, Transport: noRDAP{}, WHOIS: true, Dial: jprs, Rate: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var out bytes.Buffer
	console := term.New(&out)
	console.Verbosity = 1
	c := &confirmer{client: client, console: console}
	if word := c.Confirm(t.Context(), "free.jp"); word.Reason != probe.RDAPNotRegistered || !strings.Contains(out.String(), "free.jp: the WHOIS reply does not carry the name") {
		t.Errorf("%+v\n%s", word, &out)
	}
	out.Reset()
	if word := c.Confirm(t.Context(), "free.dev"); word.Reason != probe.RDAPFailed || !strings.Contains(out.String(), "free.dev is not confirmed: a.example: HTTP status 500") {
		t.Errorf("%+v\n%s", word, &out)
	}
	if n := c.open.Load(); n != 1 {
		t.Errorf("%d names left open", n)
	}
}
