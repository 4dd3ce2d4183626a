package herd

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"domprobe/candidate"
	"domprobe/probe"
)

// Keep tells for how long after it was reached a verdict may be given out again.
// Zero is not at all.
type Keep func(*probe.Result) time.Duration

const (
	bucket  = "domprobe-verdicts"
	subject = "$KV." + bucket + "."

	// maxKept is the age at which the server drops an entry; what it says holds
	// less long. Entries have their own end in them, since servers before 2.11
	// know no other age than that of the bucket.
	maxKept = time.Hour

	clockKey = "clock" // is stored to learn the time of the server

	maxBucket = 256 << 20 // octets; when they are used up, new verdicts are not shared

	lease     = 15 * time.Second // of a claim
	storeWait = 4 * time.Second  // for the server, while somebody waits for a row
	storeRest = 5 * time.Second  // after a failure
)

// An entry is the verdict on a name, or the claim of who asks about it. It is
// written as JSON: one row alone is shorter so than with the types of gob before it.
type entry struct {
	For time.Duration // that it holds after it was stored: the clocks of machines differ
	Row *row          `json:",omitempty"` // nil for a claim
}

func (s *Shared) key(k candidate.Key) string { return s.rules + "." + k.Name + "/" + k.TLD }

// find returns the verdict on a name, waiting for it while another process asks.
// If there is none, the name is claimed, and the revision is that of the claim,
// unless there is no server.
func (s *Shared) find(ctx context.Context, c candidate.Candidate) (r probe.Result, revision uint64, known bool) {
	key := s.key(c.Key())
	var e *entry
	for fresh := true; ; fresh = false {
		w := s.store.wait(key)
		var err error
		e, revision, err = s.store.claim(ctx, key, fresh)
		if err == nil && e != nil && e.Row == nil {
			select {
			case <-w.heard:
				e = w.entry
			case <-time.After(time.Second): // in case it was not heard
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		s.store.leave(key, w)
		switch {
		case err != nil:
			return r, 0, false
		case e == nil:
			return r, revision, false
		case e.Row != nil:
			return e.Row.result(c, ""), 0, true
		}
	}
}

// A store is the bucket of entries.
type store struct {
	conn  *Conn
	clock func() time.Time // of this machine

	mu    sync.Mutex
	kv    jetstream.KeyValue // nil before it is opened
	stamp time.Time          // by the clock of the server, when it was opened
	began time.Time          // the same by the clock of this machine
	until time.Time          // no call before: the last one failed
	told  bool
	waits map[string]*waiter // nil before the bucket is listened to
}

// A waiter is the loops that wait for what another process finds out about a name.
type waiter struct {
	heard chan struct{} // closed when there is an entry
	entry *entry
	n     int
}

// wait returns the waiter of a key.
func (s *store) wait(key string) *waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waits == nil {
		s.waits = map[string]*waiter{}
		// Whoever stores an entry publishes it. Without that a waiter looks now and
		// then.
		_, _ = s.conn.nc.Subscribe(subject+">", s.hear)
	}
	w := s.waits[key]
	if w == nil {
		w = &waiter{heard: make(chan struct{})}
		s.waits[key] = w
	}
	w.n++
	return w
}

func (s *store) leave(key string, w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.n--; w.n == 0 && s.waits[key] == w {
		delete(s.waits, key)
	}
}

// hear gives an entry that is no claim to who waits for it. The server may have
// refused it, since another process has the claim now: it is as good.
func (s *store) hear(m *nats.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.TrimPrefix(m.Subject, subject)
	w, e := s.waits[key], new(entry)
	if w != nil && json.Unmarshal(m.Data, e) == nil && (e.Row != nil || e.For == 0) {
		if e.Row != nil {
			e.Row.Result.At = s.clock()
		}
		w.entry = e
		close(w.heard)
		delete(s.waits, key)
	}
}

var errAlone = errors.New("there is no server to share verdicts by")

// call calls f with the bucket. While the server is away or fails it is not called.
func (s *store) call(ctx context.Context, f func(context.Context, jetstream.KeyValue) error) error {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	kv, err := s.open(ctx)
	if err == nil {
		err = f(ctx, kv)
	}
	if err == nil || errors.Is(err, errAlone) || errors.Is(err, context.Canceled) || errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until, s.kv = time.Now().Add(storeRest), nil
	if !s.told && !s.conn.lost.Load() {
		s.told = true
		s.conn.opts.Note("verdicts are not shared for now: " + err.Error())
	}
	return err
}

func (s *store) open(ctx context.Context) (jetstream.KeyValue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn.lost.Load() || time.Now().Before(s.until) {
		return nil, errAlone
	}
	if s.kv != nil {
		return s.kv, nil
	}
	kv, err := s.conn.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: bucket, Description: "verdicts of domprobe serve", TTL: maxKept, MaxBytes: maxBucket, Storage: jetstream.FileStorage,
	})
	var now jetstream.KeyValueEntry
	if err == nil {
		_, err = kv.Put(ctx, clockKey, nil)
	}
	if err == nil {
		now, err = kv.Get(ctx, clockKey)
	}
	if err == nil {
		s.kv, s.stamp, s.began = kv, now.Created(), s.clock()
	}
	return kv, err
}

// age is how long ago an entry was stored.
func (s *store) age(e jetstream.KeyValueEntry) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stamp.Add(s.clock().Sub(s.began)).Sub(e.Created())
}

// claim returns the entry of a key, or claims the key if it has none that holds;
// then the entry is nil. A fresh key has most likely none.
func (s *store) claim(ctx context.Context, key string, fresh bool) (e *entry, revision uint64, err error) {
	mine, err := json.Marshal(entry{For: lease})
	if err != nil {
		return nil, 0, err
	}
	err = s.call(ctx, func(ctx context.Context, kv jetstream.KeyValue) error {
		var err error = jetstream.ErrKeyRevisionMismatch
		if fresh {
			revision, err = kv.Update(ctx, key, mine, 0)
		}
		for errors.Is(err, jetstream.ErrKeyRevisionMismatch) { // until nobody else is quicker
			var at uint64
			if e, at, err = s.look(ctx, kv, key); err == nil && e == nil {
				revision, err = kv.Update(ctx, key, mine, at)
			}
		}
		return err
	})
	return e, revision, err
}

// look returns the entry of a key with its revision, and nil if it holds no more.
func (s *store) look(ctx context.Context, kv jetstream.KeyValue, key string) (e *entry, revision uint64, err error) {
	got, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	e = new(entry)
	age := s.age(got)
	if json.Unmarshal(got.Value(), e) != nil || age >= e.For {
		return nil, got.Revision(), nil
	}
	if e.Row != nil {
		e.Row.Result.At = s.clock().Add(-age)
	}
	return e, got.Revision(), nil
}

// put replaces a claim by a verdict, unless the claim has ended.
func (s *store) put(key string, e entry, revision uint64) {
	p, err := json.Marshal(e)
	if err != nil {
		return
	}
	// Without the verdict the others ask themselves, when the claim has ended.
	_ = s.call(context.Background(), func(ctx context.Context, kv jetstream.KeyValue) error {
		_, err := kv.Update(ctx, key, p, revision)
		return err
	})
}

// free gives a claim up.
func (s *store) free(key string, revision uint64) {
	// A mark of deletion would hide the revision, so it becomes one that has ended.
	s.put(key, entry{}, revision)
}
