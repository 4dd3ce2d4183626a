package daemon

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// A CA signs the certificates of a test's servers.
type CA struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// A Certificate is that of a server, with its private key.
type Certificate struct{ CertPEM, KeyPEM []byte }

// NewCA makes a certification authority that nobody knows but the test.
func NewCA(t testing.TB) *CA {
	t.Helper()
	template := template("domprobe test CA", time.Now())
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	key := newKey(t)
	der := sign(t, template, template, key, key)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &CA{t, cert, key}
}

// Pool returns the pool of trusted roots that has this authority alone.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// Issue makes a certificate for host names and IP addresses that is valid
// now. For a wrong name, issue it for another one.
func (ca *CA) Issue(hosts ...string) *Certificate {
	ca.t.Helper()
	return ca.issue(time.Now(), hosts)
}

// Expired makes a certificate that ended an hour ago.
func (ca *CA) Expired(hosts ...string) *Certificate {
	ca.t.Helper()
	return ca.issue(time.Now().Add(-validity-time.Hour), hosts)
}

// SelfSigned makes a certificate that nobody vouches for.
func SelfSigned(t testing.TB, hosts ...string) *Certificate {
	t.Helper()
	key := newKey(t)
	cert := serverTemplate(time.Now(), hosts)
	return encode(t, sign(t, cert, cert, key, key), key)
}

func (ca *CA) issue(from time.Time, hosts []string) *Certificate {
	ca.t.Helper()
	key := newKey(ca.t)
	return encode(ca.t, sign(ca.t, serverTemplate(from, hosts), ca.cert, key, ca.key), key)
}

// validity is how long a certificate is valid, from an hour before it is made.
const validity = 24 * time.Hour

func template(name string, from time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    from.Add(-time.Hour),
		NotAfter:     from.Add(validity),
	}
}

func serverTemplate(from time.Time, hosts []string) *x509.Certificate {
	c := template("domprobe test server", from)
	c.KeyUsage = x509.KeyUsageDigitalSignature
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, host)
		}
	}
	return c
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign returns the DER form of a certificate for the key, signed by the parent.
func sign(t testing.TB, cert, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func encode(t testing.TB, der []byte, key *ecdsa.PrivateKey) *Certificate {
	t.Helper()
	k, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &Certificate{
		CertPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		KeyPEM:  pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: k}),
	}
}
