package dnstest

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Forged makes a PacketHandler that sends forged responses before each honest
// one. The attacker knows when a query is sent and about which name, but not the
// ID nor the case of the name, and guesses so many different IDs.
func Forged(honest, forge func(q *dns.Msg) *dns.Msg, guesses int) PacketHandler {
	respond, attack := Wire(honest), Wire(func(q *dns.Msg) *dns.Msg {
		for i := range q.Question {
			q.Question[i].Name = strings.ToLower(q.Question[i].Name)
		}
		return forge(q)
	})
	return func(q []byte, from netip.AddrPort) (replies []Reply) {
		// An odd step meets no ID twice.
		id, step := uint16(rand.Uint32()), uint16(rand.Uint32())|1
		for _, r := range attack(q, from) {
			for range guesses {
				guess := slices.Clone(r.Bytes)
				binary.BigEndian.PutUint16(guess, id)
				replies = append(replies, Reply{Bytes: guess})
				id += step
			}
		}
		return append(replies, respond(q, from)...)
	}
}
