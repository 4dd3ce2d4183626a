package probe

import (
	"iter"
	"runtime"
	"slices"
	"sync"

	"domprobe/candidate"
)

// feedLen bounds how many candidates wait to be taken.
const feedLen = 512

// A feed runs a source of candidates on a goroutine of its own, a bounded
// number ahead of who takes them.
type feed struct {
	wake chan<- struct{} // told that there is something to take
	done chan struct{}   // closed when the goroutine has ended

	batch []candidate.Candidate // being taken; the taker's own
	taken int

	mu      sync.Mutex
	space   *sync.Cond // there is room again, or nobody takes any more
	waiting []candidate.Candidate
	ended   bool
	err     error
	escape  escape
	stopped bool // nobody takes any more
	inside  bool // the goroutine is in the source's code
}

func startFeed(source iter.Seq2[candidate.Candidate, error], wake chan<- struct{}) *feed {
	f := &feed{wake: wake, done: make(chan struct{}), inside: true}
	f.space = sync.NewCond(&f.mu)
	go f.run(source)
	return f
}

func (f *feed) run(source iter.Seq2[candidate.Candidate, error]) {
	defer close(f.done)
	var failed error
	carry(func() {
		for c, err := range source {
			if err != nil {
				failed = err
				break
			}
			if !f.put(&c) {
				break
			}
		}
	}, func(e escape) {
		f.mu.Lock()
		f.ended, f.err, f.inside, f.escape = true, failed, false, e
		f.mu.Unlock()
		signal(f.wake)
	})
}

// An escape is how a function ended otherwise than by returning. It is carried
// from the goroutine on which a caller's code runs to the one that called for it.
type escape struct {
	panicked any
	goexit   bool
}

// carry calls f, and then hands over how it ended.
func carry(f func(), over func(escape)) {
	e := escape{goexit: true}
	defer func() {
		if p := recover(); p != nil {
			e = escape{panicked: p}
		}
		over(e)
	}()
	f()
	e = escape{}
}

// rethrow ends the calling goroutine as the other function ended.
func (e escape) rethrow() {
	if e.panicked != nil {
		panic(e.panicked)
	}
	if e.goexit {
		runtime.Goexit()
	}
}

// put hands one candidate over, and reports false when nobody takes any more.
func (f *feed) put(c *candidate.Candidate) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting = append(f.waiting, *c); len(f.waiting) == 1 {
		signal(f.wake)
	}
	for len(f.waiting) >= feedLen && !f.stopped {
		f.inside = false
		f.space.Wait()
	}
	f.inside = !f.stopped
	return !f.stopped
}

// next returns the next candidate, or nil if none waits. It is valid until the next call.
func (f *feed) next() *candidate.Candidate {
	if f.taken == len(f.batch) && !f.refill() {
		return nil
	}
	f.taken++
	return &f.batch[f.taken-1]
}

// refill takes what waits.
func (f *feed) refill() bool {
	f.mu.Lock()
	f.batch, f.waiting = f.waiting, f.batch[:0]
	f.mu.Unlock()
	f.taken = 0
	f.space.Signal()
	return len(f.batch) > 0
}

// over reports whether no candidate is left and none will follow, and the
// error that ended the source, if there was one. A panic of the source goes on in
// the caller.
func (f *feed) over() (bool, error) {
	f.mu.Lock()
	over, err, escaped := f.ended && f.taken == len(f.batch) && len(f.waiting) == 0, f.err, f.escape
	f.mu.Unlock()
	if over {
		escaped.rethrow()
	}
	return over, err
}

// left stops the goroutine, and returns the candidates that have not been taken.
func (f *feed) left() []candidate.Candidate {
	f.close()
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Concat(f.batch[f.taken:], f.waiting)
}

// close stops the goroutine and waits for it, unless it is inside the source, where a
// read may block for ever: then it ends when the source yields again.
func (f *feed) close() {
	f.mu.Lock()
	f.stopped = true
	inside := f.inside
	f.mu.Unlock()
	f.space.Signal()
	if !inside {
		<-f.done
	}
}

// signal tells a waiting goroutine, once, that there is something to do.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
