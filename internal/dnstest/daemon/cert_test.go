package daemon

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Unbound serves each certificate over TLS and HTTPS, and a client that checks
// it takes the right one alone.
func TestCertificates(t *testing.T) {
	const host = "resolver.test"
	ca := NewCA(t)
	var (
		wrong   x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
	)
	tests := []struct {
		name string
		cert *Certificate
		want any // target of errors.As; nil for none
	}{
		{"right", ca.Issue(host, "127.0.0.1"), nil},
		{"wrong name", ca.Issue("elsewhere.test"), &wrong},
		{"expired", ca.Expired(host), &invalid},
		{"self-signed", SelfSigned(t, host), &unknown},
		{"another authority", NewCA(t).Issue(host), &unknown},
	}
	registry := NSD{Zones: []Zone{testZone}}.Start(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := Unbound{Stubs: map[string]string{"dev": registry.Addr}, Certificate: tt.cert}.Start(t)
			config := &tls.Config{RootCAs: ca.Pool(), ServerName: host}
			q := new(dns.Msg).SetQuestion("no.dev.", dns.TypeDS)
			for transport, ask := range map[string]func() (*dns.Msg, error){
				"tls":   func() (*dns.Msg, error) { return askTLS(u.TLSAddr, config, q) },
				"https": func() (*dns.Msg, error) { return askHTTPS(u.HTTPSAddr, config, q) },
			} {
				r, err := ask()
				if tt.want != nil {
					if !errors.As(err, tt.want) {
						t.Errorf("%s: error %v, want %T", transport, err, tt.want)
					}
				} else if err != nil || r.Rcode != dns.RcodeNameError {
					t.Errorf("%s: %v, %v", transport, r, err)
				}
			}
		})
	}
}

func askTLS(addr string, config *tls.Config, q *dns.Msg) (*dns.Msg, error) {
	c := &dns.Client{Net: "tcp-tls", TLSConfig: config, Timeout: time.Minute}
	r, _, err := c.Exchange(q, addr)
	return r, err
}

func askHTTPS(addr string, config *tls.Config, q *dns.Msg) (*dns.Msg, error) {
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	b, err := q.Pack()
	if err != nil {
		return nil, err
	}
	c := &http.Client{Transport: transport, Timeout: time.Minute}
	resp, err := c.Post("https://"+addr+"/dns-query", "application/dns-message", bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if b, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	r := new(dns.Msg)
	return r, r.Unpack(b)
}
