package herd

import (
	"time"

	"github.com/nats-io/nats.go"

	"domprobe/probe"
)

// SetAckWait sets after how long a batch is given to another worker.
func SetAckWait(d time.Duration) { ackWait = d }

// MaxOpinions and MinOut are what the tests count with.
const (
	MaxOpinions = maxOpinions
	MinOut      = minOut
	MaxNames    = maxNames
)

// SetClock sets the clock of the machine.
func (s *Shared) SetClock(now func() time.Time) { s.store.clock = now }

// Batch is a message with names under a TLD.
func Batch(tld string, names ...string) []byte {
	b := batch{ID: 1 << 50}
	for _, n := range names {
		b.Names = append(b.Names, name{n, tld})
	}
	p, _ := encode(&b)
	return p
}

// Rows is a message with the row of a name at a place.
func Rows(batch uint64, place int) []byte {
	p, _ := encode(&rows{Worker: "eve", Rows: []row{newRow(batch, place, &probe.Result{Verdict: probe.Found})}})
	return p
}

// ClientOptions are those of the client.
func (c *Conn) ClientOptions() nats.Options { return c.nc.Opts }

// Sever ends a connection as the death of the process does.
func (c *Conn) Sever() { c.nc.Close() }
