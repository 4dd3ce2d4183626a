package dnstest

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Whoever asks is refused, and nobody else can have the port.
func TestClosed(t *testing.T) {
	s := started(t)(Closed())
	for _, network := range []string{"udp", "tcp"} {
		c := &dns.Client{Net: network, Timeout: time.Minute}
		if _, _, err := c.Exchange(new(dns.Msg).SetQuestion("dev.", dns.TypeSOA), s.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v", network, err)
		}
	}
	if pc, err := net.ListenPacket("udp", s.Addr()); err == nil {
		pc.Close()
		t.Error("the port can be had for UDP")
	}
	if l, err := net.Listen("tcp", s.Addr()); err == nil {
		l.Close()
		t.Error("the port can be had for TCP")
	}
}
