package dnstest

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// A Forger is an honest server whose responses over UDP come after forged
// ones, from its own address and port. The attacker knows when a query is sent
// and about which name, but not the ID nor the case of the name.
type Forger struct {
	// Answer makes the true responses, and those over TCP.
	Answer func(q *dns.Msg) *dns.Msg

	// Forge makes the attacker's responses. It is given the query with its
	// name in lower case.
	Forge func(q *dns.Msg) *dns.Msg

	// Guesses is how many different IDs are tried for each query.
	Guesses int
}

// Start starts the server on a free port of 127.0.0.1.
func (f Forger) Start() (*Server, error) {
	honest, forge := Wire(f.Answer), Wire(func(q *dns.Msg) *dns.Msg {
		if len(q.Question) != 1 {
			return nil
		}
		q.Question[0].Name = strings.ToLower(q.Question[0].Name)
		return f.Forge(q)
	})
	return ServeRaw(Raw{
		UDP: Bytes(func(q []byte) (messages [][]byte) {
			for _, r := range forge(q, netip.AddrPort{}) {
				messages = f.guesses(r.Bytes)
			}
			for _, r := range honest(q, netip.AddrPort{}) {
				messages = append(messages, r.Bytes)
			}
			return messages
		}),
		TCP: Stream(honest),
	})
}

// guesses returns copies of a response under other IDs.
func (f Forger) guesses(response []byte) (messages [][]byte) {
	// An odd step meets no ID twice.
	id, step := uint16(rand.Uint32()), uint16(rand.Uint32())|1
	for range f.Guesses {
		guess := slices.Clone(response)
		binary.BigEndian.PutUint16(guess, id)
		messages = append(messages, guess)
		id += step
	}
	return messages
}
