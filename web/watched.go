package web

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"domprobe/probe"
	"domprobe/watch"
)

const (
	// watchPause is how long names that were read are good. A file that takes long
	// to read is read less often: one part of watchShare of the time.
	watchPause = time.Second
	watchShare = 10

	// sameTime is within which time two writes may leave a file with the same time.
	sameTime = 2 * time.Second
)

// A watchedName is a name of a state file, as clients see it.
type watchedName struct {
	watch.State
	TTL     *struct{}       `json:"ttl,omitempty"` // these hide what is for the watch alone
	Told    *struct{}       `json:"told,omitempty"`
	Planned *struct{}       `json:"planned,omitempty"`
	Changes []watchedChange `json:"changes,omitempty"` // the last ones since the server began

	number  int // of the last event about the name
	changed int // of the last one that told changes
}

type watchedChange struct {
	At  time.Time `json:"at"`
	Of  string    `json:"of"`
	Old string    `json:"old"`
	New string    `json:"new"`
}

// watched are the names of a state file as they were read last. A watch may write to
// the file at any time: each of its transactions opens the file and closes it.
type watched struct {
	path string

	mu    sync.Mutex
	next  time.Time // the names are good until then
	stamp string    // the time and the size of the file that was read
	names map[string]*watchedName
	order []*watchedName // the next to be looked at first

	run    string // tells the events of this server from those of others
	number int    // of the last event
	gone   int    // of the last event after which names were missing
}

func newWatched(path string) *watched {
	return &watched{path: path, run: fmt.Sprintf("%08x-", rand.Uint32())}
}

// list returns the names, the next to be looked at first.
func (w *watched) list() ([]*watchedName, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.read()
	return w.order, err
}

// read reads the file, if it has changed. The caller holds the mutex.
func (w *watched) read() error {
	now := time.Now()
	if now.Before(w.next) {
		return nil
	}
	var stamp string
	info, err := os.Stat(w.path)
	switch {
	case err == nil && now.Sub(info.ModTime()) > sameTime:
		stamp = fmt.Sprint(info.Size(), info.ModTime().UnixNano())
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if stamp == "" || stamp != w.stamp {
		states, err := watch.NewFile(w.path).List()
		if err != nil {
			return err
		}
		w.stamp = stamp
		w.take(states)
	}
	w.next = now.Add(max(watchPause, watchShare*time.Since(now)))
	return nil
}

// take numbers what has changed.
func (w *watched) take(states []watch.State) {
	names := make(map[string]*watchedName, len(states))
	w.order = make([]*watchedName, len(states))
	for i := range states {
		n := &watchedName{State: states[i]}
		old := w.names[n.Name]
		switch {
		case old == nil:
			w.number++
			n.number = w.number
		case reflect.DeepEqual(old.State, n.State):
			n = old
		default:
			w.number++
			n.number, n.changed, n.Changes = w.number, old.changed, old.Changes
			if changes := changesOf(&old.State, &n.State); len(changes) > 0 {
				n.changed, n.Changes = n.number, changes
			}
		}
		names[n.Name], w.order[i] = n, n
	}
	for name := range w.names {
		if names[name] == nil {
			w.number++
			w.gone = w.number
			break
		}
	}
	w.names = names
}

// changesOf returns what has changed between two states. The first verdict, and the
// first date or status of a registration, are no changes.
func changesOf(old, new *watch.State) (changes []watchedChange) {
	add := func(of, was, is string) {
		if was != is {
			changes = append(changes, watchedChange{new.Looked, of, was, is})
		}
	}
	if old.Verdict == probe.Unknown {
		return nil
	}
	if add("verdict", old.Verdict.String(), new.Verdict.String()); len(changes) > 0 {
		return changes // the rest is of another registration
	}
	add("for_sale", old.ForSale, new.ForSale)
	if old.Status != nil {
		add("status", strings.Join(old.Status, "; "), strings.Join(new.Status, "; "))
	}
	if !old.Expires.IsZero() {
		add("expires", old.Expires.Format(time.DateOnly), new.Expires.Format(time.DateOnly))
	}
	return changes
}

// after returns the names about which there are events after the one with a number,
// in the order of these, and the number of the last one. It is not whole if names have
// left since, or if nobody has told the client of that one: the client has to read all.
func (w *watched) after(number int) (names []*watchedName, last int, whole bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.read() != nil {
		return nil, number, true // the next call reads again
	}
	if number < w.gone || number > w.number {
		return nil, w.number, false
	}
	if number < w.number {
		names = slices.DeleteFunc(slices.Clone(w.order), func(n *watchedName) bool { return n.number <= number })
		slices.SortFunc(names, func(a, b *watchedName) int { return a.number - b.number })
	}
	return names, w.number, true
}
