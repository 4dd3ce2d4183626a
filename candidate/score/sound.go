package score

import (
	"compress/flate"
	_ "embed"
	"io"
	"strings"
	"sync"

	"domprobe/candidate/score/internal/ngram"
)

//go:generate go run ./train /usr/share/dict/american-english sound.bin

//go:embed sound.bin
var compressed string

const (
	symbols  = ngram.Symbols
	contexts = ngram.Contexts
	size     = ngram.Size
)

// A label whose letters cost bestCost on average, or less, has a sound of 100;
// one whose letters cost worstCost has 0. Both are in units of the table.
const (
	bestCost  = 6  // 1.5 nats
	worstCost = 20 // 5 nats
)

// loaded has the cost of a symbol after three others, and the penalty for the
// spelling of a symbol after two others.
type loaded struct {
	cost    [size]uint8
	penalty [contexts]uint8
}

// tables returns the tables. They are unpacked when they are first used.
var tables = sync.OnceValue(func() *loaded {
	t := &loaded{penalty: penalties()}
	if _, err := io.ReadFull(flate.NewReader(strings.NewReader(compressed)), t.cost[:]); err != nil {
		panic("score: the embedded table is broken: " + err.Error())
	}
	return t
})

// sound returns how a label sounds whose letters and ends cost so much in so
// many steps.
func sound(cost, steps int) int {
	if steps == 0 {
		return 0
	}
	above := 100 * (worstCost*steps - cost) / ((worstCost - bestCost) * steps)
	return min(max(0, above), 100)
}
