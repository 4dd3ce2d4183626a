package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// healthTime is how long a server has to say that it is well.
const healthTime = 5 * time.Second

// askHealth asks the server that listens on an address whether it is well. An image
// that holds nothing but domprobe has no other program for that.
func askHealth(ctx context.Context, listen string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	url := "http://" + reachable(listen) + "/healthz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("asking for the health: %w", err)
	}
	resp, err := new(http.Transport).RoundTrip(req) // no proxy, as it is this machine
	if err != nil {
		return fmt.Errorf("asking %s: %w", url, err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s: the response is %s", url, resp.Status)
	}
	return nil
}

// reachable returns the address by which this machine reaches a server that listens
// on all of its addresses.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		host = "127.0.0.1"
		if err == nil && a.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port)
}
