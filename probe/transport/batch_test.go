package transport

import (
	"errors"
	"net"
	"testing"
)

// A packet that this machine does not let out keeps none of the others back.
func TestPlainConnWrite(t *testing.T) {
	c := &firstLost{}
	err := plainConn{c}.write([][]byte{{1}, {2}, {3}})
	if !errors.Is(err, lossErrors[0]) || string(c.sent) != "\x02\x03" {
		t.Errorf("%v, and % x is sent", err, c.sent)
	}
}

// A firstLost loses the first packet.
type firstLost struct {
	net.Conn
	writes int
	sent   []byte
}

func (c *firstLost) Write(b []byte) (int, error) {
	if c.writes++; c.writes == 1 {
		return 0, lossErrors[0]
	}
	c.sent = append(c.sent, b...)
	return len(b), nil
}
