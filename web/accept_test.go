package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"domprobe/internal/dnstest/crowd"
)

func TestWeight(t *testing.T) {
	for _, tt := range []struct {
		header, value string
		want          float64
	}{
		{"gzip, br", "gzip", 1}, {"br;q=1, gzip;q=0.5", "gzip", 0.5}, {"gzip;q=0, *", "gzip", 0}, {"*", "gzip", 1}, {"", "gzip", 0}, {"gzipped", "gzip", 0},
		{"text/csv", "text/csv", 1}, {"text/*;q=0.2, */*;q=0.1", "text/csv", 0.2}, {"text/csv;q=0.1, */*", "text/csv", 0.1}, {"application/json;", "application/json", 1},
		{"text/html;level=1;;q=x,\x00", "text/csv", 0},
	} {
		if got := weightOf([]string{tt.header}, tt.value); got != tt.want {
			t.Errorf("%q gives %s the weight %v, want %v", tt.header, tt.value, got, tt.want)
		}
	}
}

// The format is the one of the parameter, or that which the client prefers.
func TestAccept(t *testing.T) {
	server := serve(t, Options{Prober: &script{}})
	for _, tt := range []struct{ accept, params, kind, body string }{
		{"", "", "application/x-ndjson", `{"v":1,`},
		{"*/*", "", "application/x-ndjson", `{"v":1,`},
		{"text/html,application/xhtml+xml,*/*;q=0.8", "", "application/x-ndjson", `{"v":1,`},
		{"application/json", "", "application/json", "[\n{"},
		{"text/csv;q=0.9, application/json;q=0.8", "", "text/csv; charset=utf-8; header=present", "domain,"},
		{"text/plain", "", "text/plain; charset=utf-8", "new.dev\n"},
		{"text/plain", "&format=csv", "text/csv; charset=utf-8; header=present", "domain,"},
		{"image/png", "", "application/problem+json", `"status":406`},
	} {
		var changes []change
		if tt.accept != "" {
			changes = append(changes, header("Accept", tt.accept))
		}
		resp, body := do(t, server, "GET", "/v1/probe?keyword=new.dev"+tt.params, "", changes...)
		if kind := resp.Header.Get("Content-Type"); kind != tt.kind || !strings.Contains(body, tt.body) || !strings.Contains(fmt.Sprint(resp.Header.Values("Vary")), "Accept") {
			t.Errorf("Accept %q: %s %q, vary %q", tt.accept, kind, body, resp.Header.Values("Vary"))
		}
	}
}

// A list of keywords can be sent as it is.
func TestList(t *testing.T) {
	server := serve(t, Options{Prober: &script{}, MaxBody: 100})
	plain := header("Content-Type", "text/plain; charset=utf-8")
	resp, body := do(t, server, "POST", "/v1/probe?tld=dev&format=names", "1. new\r\n- \"fine\"  # a comment\nhttps://www.other.dev/path\n\nfull.io", plain)
	if want := "new.dev\nfine.dev\nother.dev\nfull.io\n"; resp.StatusCode != 200 || body != want || resp.Close {
		t.Errorf("%d %q, want %q; the connection ends: %v", resp.StatusCode, body, want, resp.Close)
	}
	for body, status := range map[string]int{"": 400, strings.Repeat("a\n", 60): 413} {
		if resp, text := do(t, server, "POST", "/v1/probe?tld=dev", body, plain); resp.StatusCode != status {
			t.Errorf("%q: %d %s", body, resp.StatusCode, text)
		}
	}
	if resp, text := do(t, server, "POST", "/v1/probe?resolver=x", "a", plain); resp.StatusCode != 400 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// unzipped returns the body of a compressed response, and its length on the wire.
func unzipped(t *testing.T, resp *http.Response, body string) (string, int) {
	t.Helper()
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return body, len(body)
	}
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Error(err)
	}
	return string(all), len(body)
}

// Whatever a client can unpack comes compressed, and is the same.
func TestGzip(t *testing.T) {
	logged := make(chan Access, 100)
	server := serve(t, Options{Prober: &script{ttl: time.Hour}, Access: func(a Access) { logged <- a }})
	zip := header("Accept-Encoding", "gzip")
	var words bytes.Buffer
	for i := range 2000 {
		fmt.Fprintf(&words, "new%d.dev,", i)
	}
	list := `{"format":"csv","keyword":["` + strings.ReplaceAll(strings.TrimSuffix(words.String(), ","), ",", `","`) + `"]}`
	resp, body := do(t, server, "POST", "/v1/probe", list, jsonBody, zip)
	all, wire := unzipped(t, resp, body)
	if strings.Count(all, "\r\n")+strings.Count(all, "\n") < 2001 || wire > len(all)/3 || resp.Trailer.Get(endTrailer) != "complete" {
		t.Errorf("%d octets for %d, end %q", wire, len(all), resp.Trailer.Get(endTrailer))
	}
	t.Logf("2,000 rows of csv: %d KB, %d KB compressed", len(all)>>10, wire>>10)
	if a := <-logged; a.Bytes != int64(len(all)) {
		t.Errorf("logged as %d octets", a.Bytes)
	}
	for _, path := range []string{"/openapi.json", "/v1/options", "/v1/nothing", "/v1/names/new.dev"} {
		plain, want := do(t, server, "GET", path, "", header("Accept-Encoding", "identity"))
		resp, body := do(t, server, "GET", path, "", zip)
		got, wire := unzipped(t, resp, body)
		if strings.Contains(want, "checked_at") {
			got = want // the time is another one
		}
		if got != want || resp.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("Vary") == "" || wire > len(want)+30 {
			t.Errorf("%s: %d octets, %v; plain %d octets, %v", path, wire, resp.Header, len(want), plain.Header)
		}
		head, _ := do(t, server, "HEAD", path, "", zip)
		if head.StatusCode != plain.StatusCode || head.Header.Get("Content-Encoding") != "" {
			t.Errorf("HEAD %s: %d %v", path, head.StatusCode, head.Header)
		}
		if tag := resp.Header.Get("ETag"); tag != "" {
			for _, tag := range []string{tag, plain.Header.Get("ETag")} {
				if again, _ := do(t, server, "GET", path, "", zip, header("If-None-Match", tag)); again.StatusCode != 304 || again.Header.Get("Content-Encoding") != "" {
					t.Errorf("%s again with %s: %d %v", path, tag, again.StatusCode, again.Header)
				}
			}
		}
	}
	part, body := do(t, server, "GET", "/openapi.json", "", zip, header("Range", "bytes=0-9"))
	if part.StatusCode != 206 || len(body) != 10 {
		t.Errorf("a part: %d, %d octets", part.StatusCode, len(body))
	}
}

// Many clients that have their rows compressed need little more memory than others:
// see TestManyClients.
func TestManyClientsGzip(t *testing.T) {
	const clients, each = 200, 100
	p := gated{demo(t), "last", make(chan struct{})}
	addr, stop := running(t, Options{Prober: p, AtOnce: 2 * clients})
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: clients}} // it asks for gzip
	answers := crowd.Ask(client, clients, func(i int) string {
		var words []string
		for k := range each / 2 {
			words = append(words, fmt.Sprintf("own%dx%d", i, k))
		}
		words[len(words)-1] = fmt.Sprintf("last%d", i)
		return "http://" + addr + "/v1/probe?tld=dev,com&keyword=" + strings.Join(words, ",")
	})
	runtime.GC()
	runtime.ReadMemStats(&during)
	grown := int64(during.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d compressed searches hold %d KB, clients included", clients, grown>>10)
	if grown > clients<<20 {
		t.Errorf("%d searches hold %d MB", clients, grown>>20)
	}
	close(p.gate)
	for i, a := range answers() {
		if rows := verdictsOf(t, a.First+a.Rest); a.Err != nil || a.End != "complete" || len(rows) != each {
			t.Errorf("client %d: %d rows, end %q, %v", i, len(rows), a.End, a.Err)
		}
	}
	client.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
}
