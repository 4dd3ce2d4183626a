package rdap_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"domprobe/probe/rdap"
)

// registry starts a registry's server for the TLD test and writes a bootstrap
// file that names it.
func registry() (srv *httptest.Server, bootstrap string) {
	srv = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/rdap+json")
		if req.URL.Path != "/domain/go.test" {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errorCode": 404}`)
			return
		}
		fmt.Fprint(w, `{"objectClassName": "domain", "ldhName": "go.test", "status": ["active"],
			"events": [{"eventAction": "registration", "eventDate": "2009-11-10T23:00:00Z"}]}`)
	}))
	dir, err := os.MkdirTemp("", "rdap")
	if err != nil {
		log.Fatal(err)
	}
	file, err := json.Marshal(map[string]any{"version": "1.0", "services": [][][]string{{{"test"}, {srv.URL + "/"}}}})
	if err != nil {
		log.Fatal(err)
	}
	bootstrap = filepath.Join(dir, "dns.json")
	if err := os.WriteFile(bootstrap, file, 0o600); err != nil {
		log.Fatal(err)
	}
	return srv, bootstrap
}

// known names what a registry of one's own must have: no list of IANA vouches for it.
func known(tld string) []string { return []string{"go." + tld} }

func Example() {
	srv, bootstrap := registry()
	defer srv.Close()
	defer os.RemoveAll(filepath.Dir(bootstrap))

	client, err := rdap.New(rdap.Options{
		Transport: srv.Client().Transport, // nil outside a test
		Bootstrap: bootstrap,              // empty: IANA's
		Known:     known,                  // nil with IANA's
		UserAgent: "example/1.0",
		Rate:      -1, // leave it out: once a second
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	for _, name := range []string{"go.test", "elif.test", "go.invalid"} {
		a := client.Ask(context.Background(), name)
		fmt.Printf("%s %v %q\n", name, a.Status, a.Reason)
	}

	// Output:
	// go.test registered ""
	// elif.test not-registered ""
	// go.invalid unconfirmed "no-rdap"
}

func ExampleClient_Lookup() {
	srv, bootstrap := registry()
	defer srv.Close()
	defer os.RemoveAll(filepath.Dir(bootstrap))

	client, err := rdap.New(rdap.Options{Transport: srv.Client().Transport, Bootstrap: bootstrap})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	d, err := client.Lookup(context.Background(), "go.test")
	if err != nil {
		log.Fatal(err)
	}
	d.Server = "rdap.example" // it has a random port here
	fmt.Print(d.Text())

	// Output:
	// domain:      go.test
	// status:      active
	// created:     2009-11-10T23:00:00Z
	// server:      rdap.example
}
