package resolver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		in   string
		want []string // Server.String, and for TLS and HTTPS a space and Host
	}{
		{"1.1.1.1", []string{"1.1.1.1:53"}},
		{" 1.1.1.1 ", []string{"1.1.1.1:53"}},
		{"9.9.9.9:5353", []string{"9.9.9.9:5353"}},
		{"2001:db8::1", []string{"[2001:db8::1]:53"}},
		{"2001:0DB8:0::1", []string{"[2001:db8::1]:53"}},
		{"[2001:db8::1]", []string{"[2001:db8::1]:53"}},
		{"[2001:db8::1]:5353", []string{"[2001:db8::1]:5353"}},
		{"fe80::1%eth0", []string{"[fe80::1%eth0]:53"}},
		{"[fe80::1%25eth0]:5353", []string{"[fe80::1%eth0]:5353"}},
		{"udp://127.0.0.1", []string{"127.0.0.1:53"}},
		{"UDP://127.0.0.1:5300/", []string{"127.0.0.1:5300"}},
		{"udp://[::1]:5300", []string{"[::1]:5300"}},
		{"udp://fe80::1%eth0", []string{"[fe80::1%eth0]:53"}},
		{"udp://Resolver.Example.", []string{"resolver.example:53"}},
		{"tcp://127.0.0.1", []string{"tcp://127.0.0.1:53"}},
		{"tcp://127.0.0.1:99", []string{"tcp://127.0.0.1:99"}},
		{"tls://dns.quad9.net", []string{"tls://dns.quad9.net:853 dns.quad9.net"}},
		{"tls://9.9.9.10:8853", []string{"tls://9.9.9.10:8853 9.9.9.10"}},
		{"https://dns.google/dns-query", []string{"https://dns.google/dns-query dns.google"}},
		{"https://dns.google", []string{"https://dns.google/dns-query dns.google"}},
		{"https://dns.google/dns-query{?dns}", []string{"https://dns.google/dns-query dns.google"}},
		{"https://127.0.0.1:8443/q?a=1,2", []string{"https://127.0.0.1:8443/q?a=1,2 127.0.0.1"}},
		{"cloudflare", []string{"1.1.1.1:53", "1.0.0.1:53"}},
		{"Google", []string{"8.8.8.8:53", "8.8.4.4:53"}},
		{"quad9", []string{"9.9.9.10:53", "149.112.112.10:53"}},
		{"direct", []string{"direct"}},
		{"demo", []string{"demo"}},
		{"1.1.1.1, 9.9.9.9,1.1.1.1", []string{"1.1.1.1:53", "9.9.9.9:53"}},
		{"1.1.1.1,cloudflare", []string{"1.1.1.1:53", "1.0.0.1:53"}},
		{"1.1.1.1,tcp://1.1.1.1", []string{"1.1.1.1:53", "tcp://1.1.1.1:53"}},
	}
	for _, tt := range tests {
		servers, err := Parse(tt.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.in, err)
			continue
		}
		if got := describe(servers); strings.Join(got, " | ") != strings.Join(tt.want, " | ") {
			t.Errorf("Parse(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func describe(servers []Server) []string {
	var out []string
	for _, s := range servers {
		text := s.String()
		if s.Host != "" {
			text += " " + s.Host
		}
		out = append(out, text)
	}
	return out
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ in, reason string }{
		{"", "empty"},
		{"1.1.1.1,", "empty"},
		{"cloudfare", "not an IP address"},
		{"dns.google", "a host name needs a scheme, as in udp://dns.google"},
		{"300.1.1.1", "not an IP address"},
		{"udp://300.1.1.1", "not a host name"},
		{"1.1.1.1:0", "port"},
		{"1.1.1.1:053", "port"},
		{"1.1.1.1:65536", "port"},
		{"1.1.1.1:dns", "port"},
		{"1.1.1.1:", "port"},
		{":53", "not an IP address"},
		{"2001:db8:::1", "not an IPv6 address"},
		{"[1.1.1.1]", "brackets"},
		{"[2001:db8::1", "not HOST:PORT"},
		{"quic://dns.adguard.com", "unknown scheme; known are udp, tcp, tls and https"},
		{"http://dns.google/dns-query", "unknown scheme"},
		{"://1.1.1.1", "unknown scheme"},
		{"udp://", "no address"},
		{"tls://a_b/c", "not a host name"},
		{"tls://-a.example", "not a host name"},
		{"tls://a..example", "not a host name"},
		{"https://", "no address"},
		{"https://user:secret@dns.google/", "user, password and fragment"},
		{"https://dns.google/#x", "user, password and fragment"},
		{"https://dns.google:99999/", "port"},
		{"https://%zz/", "not a URL"},
		{"https://a b/", "not a URL"},
	}
	for _, tt := range tests {
		servers, err := Parse(tt.in)
		var perr *ParseError
		if !errors.As(err, &perr) {
			t.Errorf("Parse(%q) = %v, %v; want a ParseError", tt.in, servers, err)
			continue
		}
		if !strings.Contains(perr.Reason, tt.reason) {
			t.Errorf("Parse(%q): reason %q, want %q in it", tt.in, perr.Reason, tt.reason)
		}
	}
}

func TestParseFile(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := write("\ufeff# good ones\n\n1.1.1.1\r\n  tcp://9.9.9.9 # slow\n1.1.1.1:53\nquad9\n")
	servers, err := Parse("@" + path)
	if err != nil {
		t.Fatal(err)
	}
	want := "1.1.1.1:53 tcp://9.9.9.9:53 9.9.9.10:53 149.112.112.10:53"
	if got := strings.Join(describe(servers), " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	servers, err = Parse("9.9.9.9, @" + path)
	if got := strings.Join(describe(servers), " "); err != nil || got != "9.9.9.9:53 "+want {
		t.Errorf("behind an address: got %s, %v, want %s", got, err, want)
	}

	for text, want := range map[string]string{
		"1.1.1.1\nnonsense\n":           `:2: nonsense": not an IP address`,
		"@other\n":                      "cannot name another file",
		"# nothing\n":                   "names no resolver",
		strings.Repeat("1", 70000):      "token too long",
		"1.1.1.1\n9.9.9.9,@/etc/passwd": "cannot name another file",
	} {
		if _, err := Parse("@" + write(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("file %.20q: error %v, want %q in it", text, err, want)
		}
	}

	_, err = Parse("@" + filepath.Join(t.TempDir(), "missing"))
	var perr *ParseError
	if !errors.Is(err, os.ErrNotExist) || errors.As(err, &perr) {
		t.Errorf("missing file: error %v, want one that is os.ErrNotExist and no ParseError", err)
	}
}

func TestParseAll(t *testing.T) {
	servers, err := ParseAll([]string{"1.1.1.1", "cloudflare", "1.1.1.1:53"})
	if got := strings.Join(describe(servers), " "); err != nil || got != "1.1.1.1:53 1.0.0.1:53" {
		t.Errorf("got %s, %v", got, err)
	}
	if servers[0].Origin != "1.1.1.1" || servers[1].Origin != "cloudflare" {
		t.Errorf("origins %q, %q", servers[0].Origin, servers[1].Origin)
	}
	if servers, err := ParseAll(nil); servers != nil || err != nil {
		t.Errorf("ParseAll(nil) = %v, %v", servers, err)
	}
}

func TestReadResolvConf(t *testing.T) {
	const file = `# made by hand
; another comment
search example.com
options edns0 trust-ad
nameserver 127.0.0.53
 nameserver	192.0.2.1  # not a comment in glibc, and ignored there too
nameserver fe80::1%eth0
nameserver 192.0.2.1
nameserver nonsense
nameserver
nameservers 192.0.2.9
nameserver 2001:db8::53
`
	servers, err := readResolvConf(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	want := "127.0.0.53:53 192.0.2.1:53 [fe80::1%eth0]:53 [2001:db8::53]:53"
	if got := strings.Join(describe(servers), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if servers[0].Origin != "system" {
		t.Errorf("origin %q, want system", servers[0].Origin)
	}
}

func TestSystem(t *testing.T) {
	servers, err := System()
	if runtime.GOOS == "windows" || err != nil {
		if err == nil || !strings.Contains(err.Error(), "--resolver") {
			t.Fatalf("error %v, want one that says what to do", err)
		}
		return
	}
	if len(servers) == 0 {
		t.Error("no servers and no error")
	}
}

func TestLocal(t *testing.T) {
	for in, want := range map[string]bool{
		"127.0.0.53":          true,
		"127.1.2.3:5353":      true,
		"[::1]:53":            true,
		"10.0.0.1":            true,
		"172.31.0.1":          true,
		"172.32.0.1":          false,
		"192.168.1.1":         true,
		"169.254.1.1":         true,
		"fd00::1":             true,
		"fe80::1%eth0":        true,
		"::ffff:10.0.0.1":     true,
		"0.0.0.0":             true,
		"udp://localhost":     true,
		"udp://ns.example":    false,
		"1.1.1.1":             false,
		"2606:4700::1111":     false,
		"https://192.168.1.1": true,
		"demo":                true,
		"direct":              false,
	} {
		servers, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := servers[0].Local(); got != want {
			t.Errorf("Parse(%q): Local() = %t", in, got)
		}
	}
}

// hosts is a system with these host names.
type hosts map[string][]string

func (h hosts) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	var addrs []netip.Addr
	for _, s := range h[host] {
		addrs = append(addrs, netip.MustParseAddr(s))
	}
	if network != "ip" || addrs == nil {
		return nil, errors.New("no such host")
	}
	return addrs, nil
}

func TestResolve(t *testing.T) {
	system := hosts{
		"dns.example": {"::ffff:192.0.2.1", "2001:db8::1", "192.0.2.2"},
		"six.example": {"2001:db8::1", "192.0.2.1"},
	}
	tests := []struct{ in, want string }{
		{"192.0.2.9", "192.0.2.9:53"},
		{"fe80::1%eth0", "[fe80::1%eth0]:53"},
		{"demo", "demo"},
		{"direct", "direct"},
		{"udp://dns.example:5353", "192.0.2.1:5353 192.0.2.2:5353"},
		{"udp://six.example", "[2001:db8::1]:53"},
		{"udp://dns.example,192.0.2.1", "192.0.2.1:53 192.0.2.2:53"},
		{"tls://dns.example", "tls://192.0.2.1:853 dns.example tls://192.0.2.2:853 dns.example"},
	}
	for _, tt := range tests {
		servers, err := Parse(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		servers, err = resolve(t.Context(), system, servers)
		if got := strings.Join(describe(servers), " "); err != nil || got != tt.want {
			t.Errorf("resolve(%s) = %s, %v; want %s", tt.in, got, err, tt.want)
		}
	}

	servers, _ := Parse("https://dns.example/q")
	servers, err := resolve(t.Context(), system, servers)
	want := Server{HTTPS, "192.0.2.1:443", "dns.example", "https://dns.example/q", "https://dns.example/q"}
	if err != nil || len(servers) != 1 || servers[0] != want {
		t.Errorf("got %+v, %v; want %+v", servers, err, want)
	}

	servers, _ = Parse("tls://gone.example")
	if _, err := resolve(t.Context(), system, servers); err == nil || !strings.Contains(err.Error(), "tls://gone.example: no such host") {
		t.Errorf("error %v, want the resolver and the system's error", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"system", "demo,direct", "1.1.1.1", "[::1]:53", "fe80::1%eth0", "udp://a:1", "tls://[::1%25a]",
		"https://dns.google/dns-query{?dns}", "https://[::1%25a]:1/", "quad9,google", "a:b:c", "%", "[]:1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "@") || strings.Contains(strings.ToLower(s), "system") {
			return // these read files
		}
		servers, err := Parse(s)
		var perr *ParseError
		if err != nil && !errors.As(err, &perr) {
			t.Fatalf("Parse(%q): error %T", s, err)
		}
		if err == nil && len(servers) == 0 {
			t.Fatalf("Parse(%q): neither servers nor an error", s)
		}
		for _, server := range servers {
			host, _, _ := net.SplitHostPort(server.Addr)
			if _, err := netip.ParseAddr(host); err != nil && server.Transport == UDP {
				continue // a host name, before Resolve
			}
			// What results name a server by means that server.
			again, err := Parse(server.String())
			if err != nil || len(again) != 1 {
				t.Fatalf("Parse(%q) gave %q, which gives %v, %v", s, server, again, err)
			}
			server.Origin, again[0].Origin = "", ""
			if again[0].String() != server.String() || again[0].Transport != server.Transport {
				t.Fatalf("Parse(%q) gave %#v, which gives %#v", s, server, again[0])
			}
		}
	})
}
