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
	cert *x509.Certificate // nil makes whatever it signs self-signed
	key  *ecdsa.PrivateKey
}

// A Certificate is that of a server, with its private key.
type Certificate struct{ CertPEM, KeyPEM []byte }

// NewCA makes a certification authority that nobody knows but the test.
func NewCA(t testing.TB) *CA {
	t.Helper()
	ca := &CA{t: t}
	der, key := ca.sign(time.Now(), &x509.Certificate{
		Subject: pkix.Name{CommonName: "domprobe test CA"},
		IsCA:    true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	ca.cert, ca.key = cert, key
	return ca
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
	return (&CA{t: t}).Issue(hosts...)
}

func (ca *CA) issue(from time.Time, hosts []string) *Certificate {
	ca.t.Helper()
	cert := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "domprobe test server"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			cert.IPAddresses = append(cert.IPAddresses, ip)
		} else {
			cert.DNSNames = append(cert.DNSNames, host)
		}
	}
	der, key := ca.sign(from, cert)
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		ca.t.Fatal(err)
	}
	return &Certificate{
		CertPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		KeyPEM:  pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}),
	}
}

// validity is how long a certificate is valid, from an hour before its time.
const validity = 24 * time.Hour

// sign makes a key and signs its certificate.
func (ca *CA) sign(from time.Time, cert *x509.Certificate) (der []byte, key *ecdsa.PrivateKey) {
	ca.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		ca.t.Fatal(err)
	}
	cert.SerialNumber = big.NewInt(time.Now().UnixNano())
	cert.NotBefore, cert.NotAfter = from.Add(-time.Hour), from.Add(validity)
	parent, parentKey := ca.cert, ca.key
	if parent == nil {
		parent, parentKey = cert, key
	}
	der, err = x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, parentKey)
	if err != nil {
		ca.t.Fatal(err)
	}
	return der, key
}
