package watch

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"domprobe/candidate"
	"domprobe/probe"
)

// A File is a file with the states of names and the events that wait to be
// delivered. It is safe for concurrent use, by several processes too.
type File struct {
	path   string
	mu     sync.Mutex // else transactions of one process would poll for the lock
	noSync bool       // for tests
}

// NewFile returns the file with that name. It need not exist.
func NewFile(path string) *File { return &File{path: path} }

// The value of a name begins with two times, so that a name which is not due need
// not be read.
const timesLen = 16

func get(value []byte) (s State, err error) {
	if len(value) < timesLen {
		return s, errors.New("it is damaged: a state is cut off")
	}
	if err := json.Unmarshal(value[timesLen:], &s); err != nil {
		return s, fmt.Errorf("it is damaged: %w", err)
	}
	return s, nil
}

func put(b *bolt.Bucket, s *State) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	value := binary.BigEndian.AppendUint64(nil, uint64(max(0, s.Planned.Unix())))
	value = binary.BigEndian.AppendUint64(value, uint64(max(0, s.Next.UnixNano())))
	return b.Put([]byte(s.Name), append(value, text...))
}

// times returns when the next look was planned, in whole seconds, and for when.
func times(value []byte) (planned, next time.Time) {
	if len(value) < timesLen {
		return planned, next // it is due, and get tells
	}
	return time.Unix(int64(binary.BigEndian.Uint64(value)), 0), time.Unix(0, int64(binary.BigEndian.Uint64(value[8:])))
}

// Add adds names that are not watched yet, each in the given state, and returns how
// many these are. A name is a whole domain in any form that [candidate.Parse] takes. The
// error for another is a [*candidate.Error], and after an error nothing is added.
func (f *File) Add(states ...State) (added int, err error) {
	err = f.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(names)
		for _, s := range states {
			c := candidate.Parse(s.Name)
			if c.Err != nil {
				return fmt.Errorf("add %q: %w", s.Name, c.Err)
			}
			s.Name = c.Name
			if b.Get([]byte(s.Name)) != nil {
				continue
			}
			if err := put(b, &s); err != nil {
				return fmt.Errorf("add %s: %w", s.Name, err)
			}
			added++
		}
		return nil
	})
	if err != nil {
		added = 0
	}
	return added, err
}

// Remove removes names, and returns those of them that were not watched.
func (f *File) Remove(list ...string) (missing []string, err error) {
	err = f.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(names)
		for _, name := range list {
			if b.Get([]byte(name)) == nil {
				missing = append(missing, name)
			}
			if err := b.Delete([]byte(name)); err != nil {
				return fmt.Errorf("remove %s: %w", name, err)
			}
		}
		return nil
	})
	return missing, err
}

// List returns the states of all names, the next to be looked at first.
func (f *File) List() (states []State, err error) {
	err = f.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(names)
		if b == nil {
			return nil
		}
		return b.ForEach(func(_, value []byte) error {
			s, err := get(value)
			states = append(states, s)
			return err
		})
	})
	slices.SortStableFunc(states, func(a, b State) int { return a.Next.Compare(b.Next) })
	return states, err
}

// A schedule is which names are due, at each pace, and when the next one will be.
type schedule struct {
	due     [len(every)][]string
	next    time.Time // zero if no name will be
	back    time.Time // a time of the past that is later than now, or zero
	watched int
}

// schedule returns the names, up to a number at each pace, whose next look is at the
// time by or earlier.
func (f *File) schedule(now, by time.Time, most int) (c schedule, err error) {
	err = f.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(names)
		if b == nil {
			return nil
		}
		return b.ForEach(func(_, value []byte) error {
			c.watched++
			planned, next := times(value)
			if wentBack(planned, now) {
				c.back = planned
			} else if next.After(by) {
				if c.next.IsZero() || next.Before(c.next) {
					c.next = next
				}
				return nil
			}
			s, err := get(value)
			if p := s.pace(now); err == nil && len(c.due[p]) < most {
				c.due[p] = append(c.due[p], s.Name)
			}
			return err
		})
	})
	return c, err
}

// settle takes in results, and puts the events that follow before the sinks. It
// returns how many these are. A name that has been removed is passed over.
func (f *File) settle(results []probe.Result, sinks []string, now time.Time,
	interval time.Duration) (events int, err error) {
	err = f.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(names)
		for i := range results {
			value := b.Get([]byte(results[i].Name))
			if value == nil {
				continue
			}
			old, err := get(value)
			if err != nil {
				return err
			}
			s := old.After(&results[i])
			happened := changes(&old, &s, now)
			for _, e := range happened {
				if e.Kind == Drops {
					s.Told = s.Drops
				}
			}
			s.Planned, s.Next = now, plan(&s, now, interval)
			if err := errors.Join(put(b, &s), wait(tx, happened, sinks)); err != nil {
				return fmt.Errorf("settle %s: %w", s.Name, err)
			}
			events += len(happened)
		}
		return nil
	})
	return events, err
}
