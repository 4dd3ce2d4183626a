package dnstest

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"domprobe/internal/dnsserver"
	"golang.org/x/net/ipv4"
)

// A Forger is an honest server whose responses over UDP come after forged
// ones, from its own address and port. The attacker knows when a query is sent
// and about which name, but not the ID nor the case of the name.
type Forger struct {
	// Answer makes the true responses, and those over TCP.
	Answer func(q *dns.Msg) *dns.Msg

	// Forge makes what the attacker says. It is given the query with its
	// name in lower case.
	Forge func(q *dns.Msg) *dns.Msg

	// Guesses is how many different IDs are tried for each query.
	Guesses int
}

// Start starts the server on a free port of 127.0.0.1.
func (f Forger) Start() (*Server, error) {
	conn, l, err := dnsserver.Listen(net.ListenConfig{}, "")
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20) // without the right to it there is a smaller one
	var running sync.WaitGroup
	running.Go(func() { f.serve(conn) })
	streams := newAcceptor(l, Stream(Wire(f.Answer)))
	return dnsserver.NewServer(l.Addr().String(), func() error {
		err := errors.Join(conn.Close(), streams.close())
		running.Wait()
		return err
	}), nil
}

func (f Forger) serve(conn *net.UDPConn) {
	pc := newBatchConn(conn)
	b := make([]byte, maxFastQuery)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		q := new(dns.Msg)
		if err != nil || q.Unpack(b[:n]) != nil || len(q.Question) != 1 {
			continue
		}
		messages := f.forged(q.Copy())
		for _, r := range Wire(f.Answer)(b[:n], from) {
			messages = append(messages, r.Bytes)
		}
		sendAll(pc, messages, from)
	}
}

// forged returns the attacker's messages.
func (f Forger) forged(q *dns.Msg) (messages [][]byte) {
	q.Question[0].Name = strings.ToLower(q.Question[0].Name)
	packed, err := f.Forge(q).Pack()
	if err != nil {
		return nil
	}
	// An odd step meets no ID twice.
	id, step := uint16(rand.Uint32()), uint16(rand.Uint32())|1
	for range f.Guesses {
		guess := append([]byte(nil), packed...)
		binary.BigEndian.PutUint16(guess, id)
		messages = append(messages, guess)
		id += step
	}
	return messages
}

// sendAll sends the messages in order.
func sendAll(pc batchConn, messages [][]byte, to netip.AddrPort) {
	ms := make([]ipv4.Message, len(messages))
	for i, m := range messages {
		ms[i] = ipv4.Message{Buffers: [][]byte{m}, Addr: net.UDPAddrFromAddrPort(to)}
	}
	writeAll(pc, ms)
}
