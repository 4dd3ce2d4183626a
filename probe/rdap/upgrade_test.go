package rdap

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
)

// What an earlier version has kept is used, and nobody is asked for it. The clock of
// the test is in the year in which the files are fresh. They are never changed.
func TestUpgradeCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := errors.New("the network is not to be used")
		c, err := New(Options{WHOIS: true, CacheDir: "../../testdata/upgrade/cache",
			Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, refuse }),
			Dial:      func(context.Context, string, string) (net.Conn, error) { return nil, refuse }})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if server, listed, err := c.whoisServer(t.Context(), "go.at"); server != "whois.nic.at:43" || listed || err != nil {
			t.Errorf("the WHOIS server of at is %q (listed: %v), %v", server, listed, err)
		}
		if _, _, err := c.whoisServer(t.Context(), "go.bv"); err == nil || err.Reason != NoRDAP {
			t.Errorf("of bv: %v", err)
		}
		table, failed := c.table(t.Context())
		if failed != nil || !table.complete || !slices.Equal(table.bases["com"], []string{"https://rdap.example/com/v1/"}) {
			t.Errorf("the table is %+v, %v", table, failed)
		}
	})
}
