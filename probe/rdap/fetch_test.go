package rdap

import (
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
)

// That a server cannot be reached is said in one sentence, with the cause in it.
func TestUnreachable(t *testing.T) {
	dial := func(op string, err error) error {
		return &net.OpError{Op: op, Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}, Err: err}
	}
	refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
	for _, tt := range []struct {
		err   error
		want  string
		cause error
	}{
		{dial("dial", refused), "cannot be reached: connection refused", syscall.ECONNREFUSED},
		{dial("dial", os.NewSyscallError("connect", syscall.ENETUNREACH)), "cannot be reached: network is unreachable", syscall.ENETUNREACH},
		{dial("dial", &net.DNSError{Err: "no such host", Name: "a.example", Server: "127.0.0.53:53", IsNotFound: true}),
			"cannot be reached: looking up its address: no such host", nil},
		{dial("dial", &net.DNSError{UnwrapErr: refused, Err: "server misbehaving", Name: "a.example", Server: "127.0.0.53:53"}),
			"cannot be reached: looking up its address: server misbehaving", syscall.ECONNREFUSED},
		{dial("proxyconnect", dial("dial", refused)), "the proxy cannot be reached: connection refused", syscall.ECONNREFUSED},
		{&url.Error{Op: "Get", URL: "https://a.example/", Err: io.EOF}, "cannot be reached: it closes the connection", io.EOF},
		{errors.New("net/http: HTTP/1.x transport connection broken"), "cannot be reached: net/http: HTTP/1.x transport connection broken", nil},
	} {
		c := newClient(t, Options{
			Bootstrap: writeBootstrap(t, "test", "https://a.example/"),
			Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, tt.err }),
		})
		a := c.Ask(t.Context(), "name.test")
		if a.Reason != Unreachable || a.Err.Error() != "a.example: "+tt.want || !errors.Is(a.Err, tt.err) {
			t.Errorf("%v: %q (%v), want %q", tt.err, a.Reason, a.Err, tt.want)
		}
		if tt.cause != nil && !errors.Is(a.Err, tt.cause) {
			t.Errorf("%v: %v is not its cause", tt.err, tt.cause)
		}
	}
}

// A reply may be as long as the most, and no octet longer.
func TestMaxBody(t *testing.T) {
	for more, want := range map[int64]Reason{0: "", -1: BadReply} {
		c := newClient(t, Options{
			Bootstrap: writeBootstrap(t, "test", "https://a.example/"), MaxBody: int64(len(registered)) + more,
			Transport: memory(map[string]http.HandlerFunc{"a.example": say(200, registered)}),
		})
		if a := c.Ask(t.Context(), "name.test"); a.Reason != want {
			t.Errorf("%d octets, of %d at most: %+v, want %q", len(registered), int64(len(registered))+more, a, want)
		}
	}
}

func TestCertificateError(t *testing.T) {
	srv := newServer(say(404, notFound))
	defer srv.Close()
	c := newClient(t, Options{Bootstrap: writeBootstrap(t, "test", srv.URL)}) // does not trust srv
	a := c.Ask(t.Context(), "name.test")
	var authority x509.UnknownAuthorityError
	if got := a.Err.Error(); !strings.HasSuffix(got, ": cannot be reached: its certificate is not valid: x509: certificate signed by unknown authority") || !errors.As(a.Err, &authority) {
		t.Errorf("%v", a.Err)
	}
}

// That nobody can be asked is said of the TLD.
func TestNobodyToAsk(t *testing.T) {
	c := newClient(t, Options{Bootstrap: writeBootstrap(t, "test", "https://a.example/")})
	if a := c.Ask(t.Context(), "foo.nosuchtld"); a.Reason != NoRDAP || a.Err.Error() != "no RDAP server is known for the TLD nosuchtld" {
		t.Errorf("%+v", a)
	}
	c = newClient(t, Options{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("down") })})
	want := "the bootstrap file cannot be had and the built-in list does not name the TLD nosuchtld"
	if a := c.Ask(t.Context(), "foo.nosuchtld"); a.Reason != NoBootstrap || a.Err.Error() != want {
		t.Errorf("%+v", a)
	}
}
