package dnstest

import (
	"encoding/binary"
	"io"
	"math"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Wire makes a PacketHandler that answers at once with what the function
// makes of a question, and not at all what cannot be parsed, what is itself a
// response, and what the function returns nil for.
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

// Stream makes the TCP side of a [Host], or of [Raw], out of a handler of
// datagrams: every message is framed (RFC 7766 section 8), and a reply that
// is delayed lets others overtake it. Refused resets the connection. What a
// reply says about its source does not matter.
func Stream(h PacketHandler) func(conn net.Conn) {
	return func(conn net.Conn) {
		s := &streamServer{conn: conn, done: make(chan struct{}), slots: make(chan struct{}, maxUnread)}
		defer s.wait()
		from := addrPort(conn.RemoteAddr())
		for {
			q, err := ReadFrame(conn)
			if err != nil {
				return
			}
			for _, r := range h(q, from) {
				s.reply(r)
			}
		}
	}
}

// A streamServer writes the replies of one connection.
type streamServer struct {
	conn  net.Conn
	done  chan struct{} // closed when nothing is read any more
	slots chan struct{} // bounds the replies that are under way
	under sync.WaitGroup
	mu    sync.Mutex // one writer at a time
}

func (s *streamServer) reply(r Reply) {
	if r.Delay <= 0 {
		s.write(r)
		return
	}
	s.slots <- struct{}{}
	s.under.Go(func() {
		defer func() { <-s.slots }()
		timer := time.NewTimer(r.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
			s.write(r)
		case <-s.done:
		}
	})
}

// write sends one reply. An asker that has gone away is noticed by the reader.
func (s *streamServer) write(r Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Refused {
		_ = Reset(s.conn)
		return
	}
	_, _ = s.conn.Write(Frame(r.Bytes))
}

func (s *streamServer) wait() {
	close(s.done)
	s.under.Wait()
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
	if a, ok := a.(interface{ AddrPort() netip.AddrPort }); ok {
		return a.AddrPort()
	}
	return netip.AddrPort{}
}
