package herd_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"domprobe/herd"
	"domprobe/herd/herdtest"
	"domprobe/internal/dnstest/daemon"
)

func portOf(s *server.Server) int { return s.Addr().(*net.TCPAddr).Port }

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const secret = "s3cr3t-hunter2"

// connects has a connection with the options work, and one without them fail, and
// both say nothing of the secret.
func connects(t *testing.T, s *server.Server, url string, good, bad func(*herd.Options)) {
	t.Helper()
	url = strings.ReplaceAll(url, "HOST", fmt.Sprintf("127.0.0.1:%d", portOf(s)))
	var said strings.Builder
	opts := herd.Options{URL: url, Name: "test", Note: func(line string) { said.WriteString(line) }}
	good(&opts)
	c, err := herd.Connect(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Jobs(t.Context()); err != nil {
		t.Error(err)
	}
	c.Close()
	bad(&opts)
	_, err = herd.Connect(t.Context(), opts)
	if err == nil {
		t.Fatal("a wrong secret is good enough")
	}
	if text := err.Error() + said.String(); strings.Contains(text, "s3cr3t") || !strings.Contains(text, fmt.Sprintf("127.0.0.1:%d", portOf(s))) {
		t.Errorf("the user is told %s", text)
	}
}

func wrongURL(o *herd.Options) { o.URL = strings.Replace(o.URL, secret, secret+"x", 1) }

func same(*herd.Options) {}

func TestPassword(t *testing.T) {
	s := herdtest.NATS(t, server.Options{Port: -1, StoreDir: t.TempDir(), Username: "ann", Password: secret})
	connects(t, s, "nats://ann:"+secret+"@HOST", same, wrongURL)
}

func TestToken(t *testing.T) {
	s := herdtest.NATS(t, server.Options{Port: -1, StoreDir: t.TempDir(), Authorization: secret})
	connects(t, s, "nats://"+secret+"@HOST", same, wrongURL)
	connects(t, s, secret+"@HOST", same, wrongURL)
}

func TestNKey(t *testing.T) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, _ := pair.PublicKey()
	seed, _ := pair.Seed()
	s := herdtest.NATS(t, server.Options{Port: -1, StoreDir: t.TempDir(), Nkeys: []*server.NkeyUser{{Nkey: public}}})
	connects(t, s, "nats://HOST", func(o *herd.Options) { o.NKey = write(t, "seed", string(seed)) }, func(o *herd.Options) { o.NKey = "" })
	connects(t, s, "nats://HOST", func(o *herd.Options) { o.NKey = write(t, "seed", string(seed)) },
		func(o *herd.Options) { o.NKey = write(t, "seed", secret) })
}

func TestCredentials(t *testing.T) {
	operator, _ := nkeys.CreateOperator()
	account, _ := nkeys.CreateAccount()
	user, _ := nkeys.CreateUser()
	operatorKey, _ := operator.PublicKey()
	accountKey, _ := account.PublicKey()
	userKey, _ := user.PublicKey()
	claims := jwt.NewAccountClaims(accountKey)
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	accountJWT, err := claims.Encode(operator)
	if err != nil {
		t.Fatal(err)
	}
	userJWT, err := jwt.NewUserClaims(userKey).Encode(account)
	if err != nil {
		t.Fatal(err)
	}
	system, _ := nkeys.CreateAccount()
	systemKey, _ := system.PublicKey()
	systemJWT, err := jwt.NewAccountClaims(systemKey).Encode(operator)
	if err != nil {
		t.Fatal(err)
	}
	seed, _ := user.Seed()
	creds, err := jwt.FormatUserConfig(userJWT, seed)
	if err != nil {
		t.Fatal(err)
	}
	accounts := &server.MemAccResolver{}
	if err := errors.Join(accounts.Store(accountKey, accountJWT), accounts.Store(systemKey, systemJWT)); err != nil {
		t.Fatal(err)
	}
	s := herdtest.NATS(t, server.Options{Port: -1, StoreDir: t.TempDir(), TrustedKeys: []string{operatorKey}, AccountResolver: accounts, SystemAccount: systemKey})
	connects(t, s, "nats://HOST", func(o *herd.Options) { o.Creds = write(t, "creds", string(creds)) }, func(o *herd.Options) { o.Creds = "" })
}

func TestTLS(t *testing.T) {
	cert := daemon.SelfSigned(t, "127.0.0.1")
	pair, err := tls.X509KeyPair(cert.CertPEM, cert.KeyPEM)
	if err != nil {
		t.Fatal(err)
	}
	s := herdtest.NATS(t, server.Options{Port: -1, StoreDir: t.TempDir(), TLS: true, TLSTimeout: 5, TLSConfig: &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert,
	}})
	ca, certFile, key := write(t, "ca", string(cert.CertPEM)), write(t, "cert", string(cert.CertPEM)), write(t, "key", string(cert.KeyPEM))
	all := func(o *herd.Options) { o.CA, o.Cert, o.Key = ca, certFile, key }
	connects(t, s, "tls://HOST", all, func(o *herd.Options) { o.CA = "" })
	connects(t, s, "tls://HOST", all, func(o *herd.Options) { o.Cert, o.Key = "", "" })
}

func TestMistakes(t *testing.T) {
	plain := startNATS(t, t.TempDir(), -1)
	for _, test := range []struct {
		change func(*herd.Options)
		want   string
	}{
		{func(o *herd.Options) { o.URL = "nats://bob:" + secret + "@127.0.0.1:1" }, "connect to NATS at nats://127.0.0.1:1: "},
		{func(o *herd.Options) { o.URL = "nats://bob:" + secret + "%zz@127.0.0.1:1" }, "connect to NATS at "},
		{func(o *herd.Options) { o.Creds = "/does/not/exist" }, "/does/not/exist"},
		{func(o *herd.Options) { o.NKey = "/does/not/exist" }, "/does/not/exist"},
		{func(o *herd.Options) { o.CA = "/does/not/exist" }, "/does/not/exist"},
	} {
		opts := herd.Options{URL: plain.ClientURL(), Name: "test"}
		test.change(&opts)
		_, err := herd.Connect(t.Context(), opts)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}

// Without JetStream the user is told what is missing.
func TestNoJetStream(t *testing.T) {
	s := herdtest.NATS(t, server.Options{Port: -1})
	_, err := herd.Connect(t.Context(), herd.Options{URL: s.ClientURL(), Name: "test"})
	if err == nil || !strings.Contains(err.Error(), "JetStream is needed (nats-server -js)") {
		t.Error(err)
	}
}

// Nothing but this package knows NATS.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "domprobe/candidate/...", "domprobe/probe/...", "domprobe/report", "domprobe/web").Output()
	if err != nil {
		t.Skip("no go tool: ", err)
	}
	if strings.Contains(string(out), "nats") || !strings.Contains(string(out), "domprobe/web") {
		t.Errorf("they import\n%s", out)
	}
}
