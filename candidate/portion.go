package candidate

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Shard streams the i-th of n parts of a stream, counted from 1. The parts of a
// stream have no name in common, together are the stream, and are about equally
// large. The part of a name is the same on every machine and in every run: the
// 64-bit FNV-1a hash of the name, its halves combined by exclusive or, modulo n.
//
// Errors of seq are in every part. If i is not between 1 and n, Shard yields an
// [*OptionError].
func Shard(seq iter.Seq2[Candidate, error], i, n int) iter.Seq2[Candidate, error] {
	if err := checkShard(i, n); err != nil {
		return func(yield func(Candidate, error) bool) { yield(Candidate{}, err) }
	}
	return Filter(seq, func(c Candidate) bool { return shardOf(c.Name, n) == i })
}

// ParseShard parses a part such as "3/16", the third of sixteen. An error is an
// [*OptionError].
func ParseShard(s string) (i, n int, err error) {
	part, parts, ok := strings.Cut(s, "/")
	i, err1 := strconv.Atoi(part)
	n, err2 := strconv.Atoi(parts)
	if !ok || err1 != nil || err2 != nil {
		return 0, 0, &OptionError{"shard", s, fmt.Errorf("%s is not of the form 3/16", quote(s))}
	}
	if err := checkShard(i, n); err != nil {
		return 0, 0, err
	}
	return i, n, nil
}

func checkShard(i, n int) error {
	if 1 <= i && i <= n {
		return nil
	}
	return &OptionError{"shard", fmt.Sprintf("%d/%d", i, n), fmt.Errorf("%d is not one of 1 to %d", i, n)}
}

func shardOf(name string, n int) int {
	h := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return int((h>>32^h&0xffffffff)%uint64(n)) + 1
}
