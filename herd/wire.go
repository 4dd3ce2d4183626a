package herd

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"
	"strings"

	"domprobe/candidate"
	"domprobe/probe"
)

// wireVersion is the first octet of every message. What follows is of package
// encoding/gob, which leaves out what is empty and lets fields be added.
const wireVersion = 1

// A batch is names for a worker. What else belongs to a candidate stays with the
// coordinator.
type batch struct {
	ID    uint64 // unique in the job
	Names []name
	Not   []string // workers that have left these names unknown
}

type name struct{ Name, TLD string }

// check returns an error for a batch that no coordinator sends: its names might be
// asked about for ever.
func (b *batch) check() error {
	if len(b.Names) > maxNames {
		return fmt.Errorf("a batch has %d names, and %d are the most", len(b.Names), maxNames)
	}
	for _, n := range b.Names {
		c := candidate.Parse(n.Name)
		if c.Name != n.Name || !strings.HasSuffix(n.Name, "."+n.TLD) || c.Err != nil && slices.Contains(malformed, c.Err.Reason) {
			return fmt.Errorf("a batch has the name %.300q under %.300q", n.Name, n.TLD)
		}
	}
	return nil
}

var malformed = []candidate.Reason{candidate.BadLabel, candidate.BadIDN, candidate.TooLong}

// rows are what a worker has settled, of any batches.
type rows struct {
	Worker string
	Rows   []row
}

// A row is the result of a name of a batch. The candidate and the error of the
// result are empty.
type row struct {
	Batch  uint64
	Place  int // of the name in the batch
	Result probe.Result
	Err    string
}

// newRow takes the result of the name at a place apart.
func newRow(batch uint64, place int, r *probe.Result) row {
	w := row{Batch: batch, Place: place, Result: *r}
	w.Result.Candidate, w.Result.Err = candidate.Candidate{}, nil
	if r.Err != nil {
		w.Err = r.Err.Error()
	}
	return w
}

// result puts the result of a candidate together again.
func (w *row) result(c candidate.Candidate, worker string) probe.Result {
	r := w.Result
	r.Candidate, r.Via = c, worker
	if w.Err != "" {
		r.Err = errors.New(w.Err)
	}
	return r
}

// encode returns the octets of a message.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte(wireVersion)
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		return nil, fmt.Errorf("encode a message of the herd: %w", err)
	}
	return b.Bytes(), nil
}

// decode reads a message into v.
func decode(p []byte, v any) error {
	if len(p) == 0 || p[0] != wireVersion {
		return errors.New("decode a message of the herd: another version of it")
	}
	if err := gob.NewDecoder(bytes.NewReader(p[1:])).Decode(v); err != nil {
		return fmt.Errorf("decode a message of the herd: %w", err)
	}
	return nil
}
