package dnstest

import (
	"encoding/binary"
	"io"
	"math"
	"net"
	"net/netip"
	"sync"

	"github.com/miekg/dns"
)

// Wire makes a PacketHandler that replies at once with the response that the
// function makes of a query. There is no reply to what is no query, nor where
// the function returns nil.
func Wire(f func(q *dns.Msg) *dns.Msg) PacketHandler {
	return func(b []byte, _ netip.AddrPort) []Reply {
		q := new(dns.Msg)
		if q.Unpack(b) != nil || q.Response {
			return nil
		}
		r := f(q)
		if r == nil {
			return nil
		}
		packed, err := r.Pack()
		if err != nil {
			return nil
		}
		return []Reply{{Bytes: packed}}
	}
}

// Stream makes the TCP side of a [Host] out of a handler of datagrams: every
// message is framed (RFC 7766 section 8), and a reply that is delayed lets others
// overtake it. Refused resets the connection. The source of a reply does not matter.
func Stream(h PacketHandler) func(conn net.Conn) {
	return func(conn net.Conn) {
		delayed := newLater()
		defer delayed.stop()
		w := replyWriter{conn: conn}
		from := addrPort(conn.RemoteAddr())
		for {
			q, err := ReadFrame(conn)
			if err != nil {
				return
			}
			for _, r := range h(q, from) {
				delayed.do(r.Delay, func() { w.write(r) })
			}
		}
	}
}

// A replyWriter writes the replies of one connection, one at a time.
type replyWriter struct {
	mu   sync.Mutex
	conn net.Conn
}

// write sends one reply. That the client has left is noticed by the reader.
func (w *replyWriter) write(r Reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Refused {
		_ = Reset(w.conn)
		return
	}
	_, _ = w.conn.Write(Frame(r.Bytes))
}

// Frame returns a message with its length before it. A message over 65,535
// octets is cut.
func Frame(msg []byte) []byte {
	msg = msg[:min(len(msg), math.MaxUint16)]
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
}

// ReadFrame reads one message with its length before it.
func ReadFrame(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	msg := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, msg)
	return msg, err
}

// addrPort returns the address of a UDP or TCP socket.
func addrPort(a net.Addr) netip.AddrPort {
	return a.(interface{ AddrPort() netip.AddrPort }).AddrPort()
}
