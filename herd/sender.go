package herd

import (
	"context"
	"strconv"
	"time"

	"domprobe/candidate"
)

// send sends the names in batches: a full one at once, and a part of one when no
// name has come for a moment.
func (j *job) send(ctx context.Context) {
	var next []candidate.Candidate
	bytes := 0
	flush := func(names []candidate.Candidate, not []string) bool {
		err := j.sendBatch(ctx, names, not)
		if err != nil {
			j.fail(ctx, err)
		}
		return err == nil
	}
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for read := j.read; ; {
		if names, not := j.out.takeAgain(); len(names) > 0 {
			if !flush(names, not) {
				return
			}
			continue
		}
		from := read
		if j.out.full() {
			from = nil
		}
		if len(next) == maxNames || bytes >= maxBytes || len(next) > 0 && from == nil {
			if !flush(next, nil) {
				return
			}
			next, bytes = nil, 0
			continue
		}
		select {
		case c, ok := <-from:
			switch {
			case !ok:
				read = nil
			case c.Err != nil:
				j.out.invalid(c)
			default:
				if next = append(next, c); len(next) == 1 {
					timer.Reset(idle)
				}
				bytes += len(c.Name) + len(c.TLD)
			}
		case <-timer.C:
			if len(next) > 0 && !flush(next, nil) {
				return
			}
			next, bytes = nil, 0
		case <-j.out.room:
		case <-ctx.Done():
			j.keep(next)
			return
		}
	}
}

// keep notes the names that were read and will not be sent.
func (j *job) keep(next []candidate.Candidate) {
	j.out.keep(next...)
	for {
		select {
		case c, ok := <-j.read:
			if !ok {
				return
			}
			j.out.keep(c)
		default:
			return
		}
	}
}

// sendBatch sends names to any worker but some.
func (j *job) sendBatch(ctx context.Context, names []candidate.Candidate, not []string) error {
	b := batch{ID: j.out.enter(names, not), Names: make([]name, len(names)), Not: not}
	for i := range names {
		b.Names[i] = name{names[i].Name, names[i].TLD}
	}
	p, err := encode(&b)
	if err != nil {
		return err
	}
	return j.conn.put(ctx, j.id, namesOf(j.id), strconv.FormatUint(b.ID, 10), p)
}
