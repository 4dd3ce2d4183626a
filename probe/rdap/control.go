package rdap

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	maxControls = 4         // known names that are asked about at most
	controlLife = time.Hour // of what a control has shown
)

// A control shows whether a server knows the names that it is
// said to know. A gateway in its place, or an empty database, does not, and its
// 404 says nothing about any name.
type control struct {
	turn *semaphore.Weighted // held by who asks

	mu     sync.Mutex
	passed time.Time            // until when it is believed
	failed map[string]time.Time // until when it is not, by suffix
}

// control returns the control of a server, the same one for everybody.
func (c *Client) control(server string) *control {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.controls[server]
	if k == nil {
		k = &control{turn: semaphore.NewWeighted(1), failed: make(map[string]time.Time)}
		c.controls[server] = k
	}
	return k
}

// pass notes that the server knew a name.
func (k *control) pass() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.passed = time.Now().Add(controlLife)
}

// state says what is known about the server.
func (k *control) state(suffix string) (passed, failed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	return now.Before(k.passed), now.Before(k.failed[suffix])
}

// vouch returns nil if a server may be believed when it says that a name is not
// registered: when it knows a name below the suffix that must exist, or if no such
// name is known. One name is asked about, and others only if the server does not
// know it. A stranger, whom nobody vouches for, has to know each of them, and there
// must be some. The server is a base URL, or the host and port for WHOIS.
func (c *Client) vouch(ctx context.Context, server, suffix string, names []string, stranger bool, ask func(name string) Answer) *Error {
	if len(names) == 0 && stranger {
		return &Error{Reason: NotAuthoritative,
			Err: errors.New("is not named by IANA, and no name is known that it must have")}
	}
	if len(names) == 0 {
		return nil
	}
	k := c.control(server)
	if k.turn.Acquire(ctx, 1) != nil {
		return canceled(ctx)
	}
	defer k.turn.Release(1)
	passed, failed := k.state(suffix)
	if passed {
		return nil
	}
	names = names[:min(len(names), maxControls)]
	denied := names[0]
	for i := 0; i < len(names) && !failed; i++ {
		a := ask(names[i])
		switch e, _ := a.Err.(*Error); {
		case a.Status == Registered || a.Status == Reserved:
			if !stranger || i == len(names)-1 {
				k.pass()
				return nil
			}
			continue
		case e != nil && e.passing():
			return e
		}
		if stranger {
			denied = names[i]
			break
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !failed {
		k.failed[suffix] = time.Now().Add(controlLife)
	}
	return &Error{Reason: DeniesKnown, Err: fmt.Errorf("does not know %s either, which is registered", denied)}
}
