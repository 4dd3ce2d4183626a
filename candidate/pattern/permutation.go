package pattern

import "math/bits"

// A permutation reorders the numbers below n without a list of them. It is a
// Feistel network on the smallest even number of bits that n-1 fits in. A number
// outside the range passes the network again until it is inside, fewer than four
// times on average.
type permutation struct {
	n    uint64
	half uint // bits
	mask uint64
	keys [6]uint64
}

func newPermutation(n, seed uint64) *permutation {
	p := &permutation{n: n, half: uint(bits.Len64(n-1)+1) / 2}
	p.mask = 1<<p.half - 1
	for i := range p.keys {
		seed += 0x9e3779b97f4a7c15 // the increment of SplitMix64
		p.keys[i] = scramble(seed)
	}
	return p
}

// at returns the number at index i, which must be below n.
func (p *permutation) at(i uint64) uint64 {
	for {
		left, right := i>>p.half, i&p.mask
		for _, key := range p.keys {
			left, right = right, left^scramble(right^key)&p.mask
		}
		if i = left<<p.half | right; i < p.n {
			return i
		}
	}
}

// scramble is the finalizer of SplitMix64.
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
