package transport

import "hash/maphash"

// A past remembers which queries a socket has sent under which IDs, to tell a
// response that comes twice, or too late, from a forgery: a forger who has to guess
// the ID names one under which the query was not sent.
//
// It holds the last four queries for each of its places, by 8 bits of a keyed hash
// of the question and the ID, and grows with what the socket sends, as far as it stays
// in the processor's cache. So a genuine response is known until some 30,000 queries
// later, and of the guesses 2 in 100 at most are taken for genuine.
type past struct {
	seed   maphash.Seed
	places []uint32
	asked  int // until it has grown
}

const (
	leastPast = 1 << 6
	mostPast  = 1 << 14
)

func newPast() past { return past{seed: maphash.MakeSeed(), places: make([]uint32, leastPast)} }

// add notes that a query is sent under an ID.
func (p *past) add(id uint16, q *Query) {
	if p.asked++; p.asked > len(p.places)/16 && len(p.places) < mostPast {
		// An ID finds what was noted at either of its places' halves.
		p.places = append(p.places, p.places...)
	}
	at := &p.places[int(id)&(len(p.places)-1)]
	*at = *at<<8 | uint32(pastKey(maphash.String(p.seed, q.Name), id, q.Type))
}

// has reports whether a query with the question of a message was sent under its ID.
func (p *past) has(packet []byte) bool {
	var buf [255]byte
	name, ok := appendText(buf[:0], packet, headerLen)
	end := headerLen + wireLen(name)
	if !ok || len(packet) < end+2 {
		return false
	}
	id := be16(packet, 0)
	key := pastKey(maphash.Bytes(p.seed, name), id, be16(packet, end))
	for at := p.places[int(id)&(len(p.places)-1)]; at != 0; at >>= 8 {
		if byte(at) == key {
			return true
		}
	}
	return false
}

// pastKey is never zero, which is an empty place.
func pastKey(hash uint64, id, qtype uint16) byte {
	return max(byte(hash>>8^uint64(qtype)^uint64(id)*0x9e3779b1>>16), 1)
}
