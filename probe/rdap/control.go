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
	passed time.Time         // until when it is believed
	failed map[string]denial // by suffix
}

// A denial is that a server did not know a name that must exist.
type denial struct {
	name  string
	until time.Time // the server is not believed
}

// control returns the control of a server, the same one for everybody.
func (c *Client) control(server string) *control {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.controls[server]
	if k == nil {
		k = &control{turn: semaphore.NewWeighted(1), failed: make(map[string]denial)}
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

// fail notes that the server did not know a name below the suffix.
func (k *control) fail(suffix, name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failed[suffix] = denial{name, time.Now().Add(controlLife)}
}

// state returns the state of the server, and which name it denied if it failed.
func (k *control) state(suffix string) (passed, failed bool, denied string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, d := time.Now(), k.failed[suffix]
	return now.Before(k.passed), now.Before(d.until), d.name
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
	passed, failed, denied := k.state(suffix)
	if !passed && !failed {
		var err *Error
		if passed, denied, err = examine(names, stranger, ask); err != nil {
			return err
		}
		if passed {
			k.pass()
		} else {
			k.fail(suffix, denied)
		}
	}
	if passed {
		return nil
	}
	return &Error{Reason: DeniesKnown, Err: fmt.Errorf("does not know %s either, which is registered", denied)}
}

// examine asks a server about names until it is clear whether it passes. Of one that
// does not it returns the first name that the server denied.
func examine(names []string, stranger bool, ask func(name string) Answer) (passed bool, denied string, err *Error) {
	for _, name := range names[:min(len(names), maxControls)] {
		a := ask(name)
		e, _ := a.Err.(*Error)
		switch knows := a.Status == Registered || a.Status == Reserved; {
		case e != nil && e.passing():
			return false, "", e
		case stranger && !knows:
			return false, name, nil
		case !stranger && knows:
			return true, "", nil
		}
	}
	return stranger, names[0], nil // a stranger has known each, any other server none
}
