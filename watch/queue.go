package watch

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// wait has events wait for every sink.
func wait(tx *bolt.Tx, events []Event, sinks []string) error {
	for _, e := range events {
		n, err := tx.Bucket(waiting).NextSequence()
		if err != nil {
			return err
		}
		e.ID = fmt.Sprintf("%s-%d", tx.Bucket(meta).Get(tag), n)
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		for _, sink := range sinks {
			b, err := tx.Bucket(waiting).CreateBucketIfNotExists([]byte(sink))
			if err == nil {
				err = b.Put(binary.BigEndian.AppendUint64(nil, n), text)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// first returns the event that has waited longest for a sink, with its key, which
// is nil if there is none.
func (f *File) first(sink string) (key []byte, e Event, err error) {
	err = f.view(func(tx *bolt.Tx) error {
		b := queue(tx, sink)
		if b == nil {
			return nil
		}
		k, value := b.Cursor().First()
		if k == nil {
			return nil
		}
		key = slices.Clone(k)
		return json.Unmarshal(value, &e)
	})
	return key, e, err
}

// delivered deletes an event that a sink has taken.
func (f *File) delivered(sink string, key []byte) error {
	return f.update(func(tx *bolt.Tx) error { return queue(tx, sink).Delete(key) })
}

// Waiting returns how many events wait at most for each sink.
func (f *File) Waiting() (counts map[string]int, err error) {
	counts = make(map[string]int)
	err = f.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(waiting)
		if b == nil {
			return nil
		}
		return b.ForEachBucket(func(sink []byte) error {
			c := b.Bucket(sink).Cursor()
			first, _ := c.First()
			last, _ := c.Last()
			if first != nil {
				counts[string(sink)] = int(binary.BigEndian.Uint64(last)-binary.BigEndian.Uint64(first)) + 1
			}
			return nil
		})
	})
	return counts, err
}

// queue returns the bucket of the events that wait for a sink, or nil.
func queue(tx *bolt.Tx, sink string) *bolt.Bucket {
	if b := tx.Bucket(waiting); b != nil {
		return b.Bucket([]byte(sink))
	}
	return nil
}
