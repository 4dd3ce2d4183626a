package main

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

func TestRun(t *testing.T) {
	for name, args := range map[string][]string{
		"plain":        {"--port", "0", "--share", "100"},
		"with loss":    {"--port", "0", "--share", "100", "--drop", "1"},
		"every answer": {"--port", "0", "--share", "100", "--drop", "0", "--tc", "0", "--servfail", "0", "--qps", "1000"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r, w := io.Pipe()
			done := make(chan error, 1)
			go func() {
				done <- run(ctx, args, w)
				w.Close()
			}()
			b := make([]byte, 100)
			n, err := r.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			addr := strings.TrimSpace(strings.TrimPrefix(string(b[:n]), "fastdns: serving "))
			q := new(dns.Msg).SetQuestion("go.dev.", dns.TypeNS)
			c := &dns.Client{Net: "tcp", Timeout: time.Minute} // which nothing is lost of
			if m, _, err := c.Exchange(q, addr); err != nil || len(m.Answer) != 1 {
				t.Errorf("asked %s: %v, %v", addr, m, err)
			}
			cancel()
			rest, _ := io.ReadAll(r)
			if err := <-done; err != nil {
				t.Error(err)
			}
			if !regexp.MustCompile(`^queries=0 answers=0 dropped=0 tcp=1\n$`).Match(rest) {
				t.Errorf("counters %q", rest)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"--port", "x"}, {"--nosuch"}, {"word"}} {
		var stderr strings.Builder
		if err := run(t.Context(), args, &stderr); !errors.Is(err, errUsage) || stderr.Len() == 0 {
			t.Errorf("%q: %v, stderr %q", args, err, stderr.String())
		}
	}
}

func TestAddressInUse(t *testing.T) {
	s, err := dnstest.Fast{}.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, port, _ := strings.Cut(s.Addr(), ":")
	if err := run(t.Context(), []string{"--port", port}, io.Discard); err == nil || errors.Is(err, errUsage) {
		t.Errorf("error %v, want one of listening", err)
	}
}
