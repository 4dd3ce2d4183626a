package transport

import (
	"slices"
	"sync"
)

// A Crew is the goroutines that send the queries of [NewExchange] and [NewCarrier]. Each
// sends one query at a time, and goes from engine to engine: to start a goroutine for
// each query would cost more than a query whose response comes at once. Engines of one
// program share it.
type Crew struct {
	wg sync.WaitGroup

	mu     sync.Mutex
	posts  []*pool // each for a query that may be sent
	next   int     // of posts
	coming bool    // a goroutine has been started and has no post yet
}

// add adds n posts at an engine.
func (c *Crew) add(e *pool, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range n {
		c.posts = append(c.posts, e)
	}
	c.call()
}

// call starts a goroutine if there is a post for it and none is on its way. The caller
// holds the lock.
func (c *Crew) call() {
	if c.next < len(c.posts) && !c.coming {
		c.coming = true
		c.wg.Go(c.work)
	}
}

func (c *Crew) work() {
	for e := c.post(true); e != nil; e = c.post(false) {
		e.work()
	}
}

// post takes the next post, and sees to it that the one after it is taken too.
func (c *Crew) post(first bool) *pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first {
		c.coming = false
	}
	if c.next == len(c.posts) {
		return nil
	}
	e := c.posts[c.next]
	if c.next++; 2*c.next > len(c.posts) { // those that have been taken are not kept
		c.posts, c.next = slices.Delete(c.posts, 0, c.next), 0
	}
	c.call()
	return e
}

// Wait returns when no goroutine is left. The engines must have been closed.
func (c *Crew) Wait() { c.wg.Wait() }
