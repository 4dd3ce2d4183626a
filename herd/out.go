package herd

import (
	"slices"
	"sync"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// out is the names of a job that have no row yet.
type out struct {
	roll  *roll
	began time.Time
	wake  chan struct{} // told of invalid names, and of the end of the source
	room  chan struct{} // told of room, and of names to be asked again

	mu      sync.Mutex
	last    uint64           // id of a batch
	batches map[uint64]*sent // that have names without a row
	names   int              // read, and without a row
	again   []doubted
	rows    []probe.Result        // that came without a message, not taken yet
	unsent  []candidate.Candidate // when the sender has ended
	ended   bool                  // the source has
	err     error
}

// sent is a batch that is out.
type sent struct {
	names []candidate.Candidate
	done  []bool // by place
	left  int
	not   []string
}

// A doubted is a name that some workers have left unknown.
type doubted struct {
	row probe.Result // of the last of them
	not []string     // these workers, sorted
}

func newOut(r *roll) *out {
	return &out{roll: r, began: time.Now(), wake: make(chan struct{}, 1), room: make(chan struct{}, 1), batches: map[uint64]*sent{}}
}

// enter notes a batch and returns its id.
func (o *out) enter(names []candidate.Candidate, not []string) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last++
	o.batches[o.last] = &sent{names: names, done: make([]bool, len(names)), left: len(names), not: not}
	return o.last
}

// add counts a name that was read.
func (o *out) add() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.names++
}

// full reports whether no more names may go out.
func (o *out) full() bool {
	limit := min(max(minOut, 2*int(o.roll.wants.Load())), maxOut)
	return o.count() >= limit
}

// settle returns the results of rows that have not come before. Names that are
// unknown, and that another worker may know, are kept back.
func (o *out) settle(rs *rows) (settled []probe.Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	for i := range rs.Rows {
		r := &rs.Rows[i]
		b := o.batches[r.Batch]
		if b == nil || r.Place < 0 || r.Place >= len(b.names) || b.done[r.Place] {
			continue
		}
		b.done[r.Place] = true
		if b.left--; b.left == 0 {
			delete(o.batches, r.Batch)
		}
		result := r.result(b.names[r.Place], rs.Worker)
		if result.At.Before(o.began) || result.At.After(now) { // the clock of the worker is wrong
			result.At = now
		}
		if not := with(b.not, rs.Worker); result.Verdict == probe.Unknown && len(not) < maxOpinions {
			o.again = append(o.again, doubted{result, not})
			continue
		}
		settled = append(settled, result)
		o.names--
	}
	tell(o.room)
	return settled
}

// with returns a sorted list with one more element.
func with(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	list = append(slices.Clone(list), s)
	slices.Sort(list)
	return list
}

// anyBut reports whether a list has others than those in not.
func anyBut(list, not []string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(not, s) })
}

// takeAgain returns names for another batch that the same workers have left
// unknown. Without other workers the names stay unknown. Nothing is decided before
// it is known who is there.
func (o *out) takeAgain() (names []candidate.Candidate, not []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.again) == 0 || !o.roll.called.Load() {
		return nil, nil
	}
	not = o.again[0].not
	n, bytes := 0, 0
	for n < len(o.again) && n < maxNames && bytes < maxBytes && slices.Equal(o.again[n].not, not) {
		names = append(names, o.again[n].row.Candidate)
		bytes += len(o.again[n].row.Name)
		n++
	}
	if !anyBut(o.roll.fit(), not) {
		for _, d := range o.again[:n] {
			o.rows = append(o.rows, d.row)
		}
		names = nil
		tell(o.wake)
		tell(o.room) // there may be more
	}
	o.again = o.again[n:]
	return names, not
}

// invalid settles a name that needs no worker.
func (o *out) invalid(c candidate.Candidate) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rows = append(o.rows, probe.Result{Candidate: c, Verdict: probe.Invalid, Reason: c.Err.Reason, Rcode: -1, At: time.Now(), Err: c.Err})
	tell(o.wake)
}

func (o *out) takeRows() []probe.Result {
	o.mu.Lock()
	defer o.mu.Unlock()
	rows := o.rows
	o.rows = nil
	o.names -= len(rows)
	tell(o.room)
	return rows
}

// keep notes names that were read and will not be sent.
func (o *out) keep(names ...candidate.Candidate) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unsent = append(o.unsent, names...)
}

// end notes that all names have been read.
func (o *out) end(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended, o.err = true, err
	tell(o.wake)
}

// over reports whether every name has its row, and the error of the source.
func (o *out) over() (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ended && o.names == 0, o.err
}

// count returns how many names are out.
func (o *out) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.names
}

// left lists the names that have no row.
func (o *out) left() (names []candidate.Candidate) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, b := range o.batches {
		for i, c := range b.names {
			if !b.done[i] {
				names = append(names, c)
			}
		}
	}
	for _, d := range o.again {
		names = append(names, d.row.Candidate)
	}
	for _, r := range o.rows {
		names = append(names, r.Candidate)
	}
	return append(names, o.unsent...)
}

// tell wakes the receiver of a channel with room for one element.
func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
