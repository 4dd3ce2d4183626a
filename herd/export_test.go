package herd

import "time"

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

// Sever ends a connection as the death of the process does.
func (c *Conn) Sever() { c.nc.Close() }
