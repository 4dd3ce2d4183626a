package e2e

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"

	"domprobe/internal/known"
)

// registries starts an RDAP server for each of these TLDs, writes their bootstrap
// file to FILE, sets $SSL_CERT_FILE to their certificates, and sets $BOOTSTRAP to
// a URL that serves the file once:
//
//	dev   knows the names of package known and those that begin with "taken", and reserves "reserved"
//	com   has every name
//	org   refuses
//	net   does not respond
//	info  knows the names that begin with "taken", and none of those of package known
//
// A client other than domprobe gets an error.
func registries(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: registries FILE")
	}
	var services [][][]string
	add := func(tld, base string) { services = append(services, [][]string{{tld}, {base}}) }
	for tld, h := range map[string]http.HandlerFunc{"dev": sayByName, "com": sayTaken, "org": refuse, "info": sayFew} {
		add(tld, serveTLS(ts, h).URL+"/"+tld+"/")
	}
	mute, err := net.Listen("tcp", "127.0.0.1:0") // connections wait in its queue
	ts.Check(err)
	ts.Defer(func() { mute.Close() })
	add("net", "https://"+mute.Addr().String()+"/")

	file, err := json.Marshal(map[string]any{"version": "1.0", "services": services})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), file, 0o600))
	var asked atomic.Bool
	iana := serveTLS(ts, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Swap(true) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Write(file)
	})
	ts.Setenv("BOOTSTRAP", iana.URL+"/dns.json")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: iana.Certificate().Raw})
	ts.Check(os.WriteFile(ts.MkAbs("roots.pem"), cert, 0o600))
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("roots.pem"))
}

func serveTLS(ts *testscript.TestScript, h http.HandlerFunc) *httptest.Server {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !strings.HasPrefix(req.UserAgent(), "domprobe/") {
			http.Error(w, "who are you?", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/rdap+json")
		h(w, req)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	ts.Defer(srv.Close)
	return srv
}

func sayTaken(w http.ResponseWriter, _ *http.Request) {
	io.WriteString(w, `{"objectClassName":"domain","status":["active"],
		"nameservers":[{"ldhName":"ns1.example"},{"ldhName":"ns2.example\u001b[2J"}],
		"entities":[{"roles":["registrar"],"handle":"Example \u202eRegistrar"}],
		"events":[{"eventAction":"registration","eventDate":"2009-11-10T23:00:00Z"},
			{"eventAction":"expiration","eventDate":"2030-11-10T23:00:00Z"}]}`)
}

func sayByName(w http.ResponseWriter, req *http.Request) {
	switch name := req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]; {
	case strings.HasPrefix(name, "taken"), known.Has(name):
		sayTaken(w, req)
	case name == "reserved.dev":
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"errorCode":404,"description":["reserved by the registry"]}`)
	default:
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"errorCode":404}`)
	}
}

func sayFew(w http.ResponseWriter, req *http.Request) {
	if strings.Contains(req.URL.Path, "/taken") {
		sayTaken(w, req)
		return
	}
	w.WriteHeader(http.StatusNotFound)
	io.WriteString(w, `{"errorCode":404}`)
}

func refuse(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "3600")
	w.WriteHeader(http.StatusTooManyRequests)
}
