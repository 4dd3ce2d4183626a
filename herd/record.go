package herd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The names on the server. The stream of a job has a subject for each direction,
// and a consumer of the same work on it.
const (
	streamPrefix = "domprobe-"
	newJob       = "domprobe.job"

	workersConsumer = "workers"
	rowsConsumer    = "rows"

	// idleJob is after how long without its coordinator a job is gone. The reader
	// of a coordinator's rows may let it wait.
	idleJob = 24 * time.Hour
)

func streamOf(job string) string       { return streamPrefix + job }
func namesOf(job string) string        { return newJob + "." + job + ".names" }
func rowsOf(job string) string         { return newJob + "." + job + ".rows" }
func jobOf(stream string) (job string) { return strings.TrimPrefix(stream, streamPrefix) }

// A record is what workers know of a job. It is the description of its stream.
type record struct {
	Version     string    `json:"version"`
	Coordinator string    `json:"coordinator"`
	Started     time.Time `json:"started"`
	Settings    Settings  `json:"settings"`
}

// create makes the stream of a job, and its consumers.
func (c *Conn) create(ctx context.Context, job string, r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = c.insist(ctx, func(ctx context.Context) error {
		_, err := c.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: streamOf(job), Description: string(text), Subjects: []string{namesOf(job), rowsOf(job)},
			Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, Duplicates: 2 * time.Minute,
		})
		return err
	})
	for _, consumer := range []jetstream.ConsumerConfig{
		{Durable: workersConsumer, FilterSubject: namesOf(job), AckWait: ackWait, MaxAckPending: maxOut},
		{Durable: rowsConsumer, FilterSubject: rowsOf(job), AckWait: ackWait, MaxAckPending: 4 * maxFetch, InactiveThreshold: idleJob},
	} {
		if err == nil {
			consumer.AckPolicy = jetstream.AckExplicitPolicy
			err = c.insist(ctx, func(ctx context.Context) error {
				_, err := c.js.CreateOrUpdateConsumer(ctx, streamOf(job), consumer)
				return err
			})
		}
	}
	if err != nil {
		return fmt.Errorf("create job %s: %w", job, err)
	}
	// A worker that misses it looks by itself a little later.
	_ = c.nc.Publish(newJob, nil)
	return nil
}

// put stores a message of a job. The server drops it if it has one with its id.
func (c *Conn) put(ctx context.Context, job, subject, id string, p []byte) error {
	err := c.insist(ctx, func(ctx context.Context) error {
		m := &nats.Msg{Subject: subject, Data: p}
		_, err := c.js.PublishMsg(ctx, m, jetstream.WithMsgID(id))
		if errors.Is(err, jetstream.ErrNoStreamResponse) { // the job is gone, or the server is not ready
			_, err = c.js.Stream(ctx, streamOf(job))
			if err == nil {
				err = jetstream.ErrNoStreamResponse
			}
		}
		return err
	})
	return jobError(job, err)
}

// fetch calls each with up to n messages of a consumer, as they come, and returns
// after a while if there are none. An outage is no error.
func (c *Conn) fetch(ctx context.Context, job, consumer string, n int, wait time.Duration, each func(jetstream.Msg)) error {
	var from jetstream.Consumer
	err := c.insist(ctx, func(ctx context.Context) (err error) {
		from, err = c.js.Consumer(ctx, streamOf(job), consumer)
		return err
	})
	if err == nil {
		err = drain(ctx, from, n, wait, each)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case final(err):
		return jobError(job, err)
	}
	pause(ctx, retryWait)
	return nil
}

func drain(ctx context.Context, from jetstream.Consumer, n int, wait time.Duration, each func(jetstream.Msg)) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	got, err := from.Fetch(n, jetstream.FetchContext(ctx))
	if err != nil {
		return err
	}
	for m := range got.Messages() {
		each(m)
	}
	if err := got.Error(); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// jobError is an error about a job, which says if the job is gone.
func jobError(job string, err error) error {
	if err == nil {
		return nil
	}
	if gone(err) {
		err = errPurged
	}
	return fmt.Errorf("job %s: %w", job, err)
}

var errPurged = errors.New("it was purged, or its server has lost it")

// A JobInfo is how a job stands.
type JobInfo struct {
	ID      string    `json:"job"`
	Started time.Time `json:"started"`
	Version string    `json:"version"`
	Backlog int       `json:"backlog"` // batches that no worker has
	Out     int       `json:"out"`     // batches that workers have
	Unread  int       `json:"unread"`  // messages of rows that the coordinator has not had
	Bytes   uint64    `json:"bytes"`   // of what is stored
	record  record
}

// jobs returns the jobs that are there. Those that have no coordinator any more are
// removed.
func (c *Conn) jobs(ctx context.Context) (list []JobInfo, err error) {
	streams := c.js.ListStreams(ctx, jetstream.WithStreamListSubject(newJob+".>"))
	for info := range streams.Info() {
		j := JobInfo{ID: jobOf(info.Config.Name), Bytes: info.State.Bytes}
		if json.Unmarshal([]byte(info.Config.Description), &j.record) != nil {
			continue // a stream of somebody else's
		}
		j.Started, j.Version = j.record.Started, j.record.Version
		// A new job has no consumers for a moment, and no message. The clock of this
		// machine may be wrong.
		if info.State.Consumers < 2 && (info.State.LastSeq > 0 || time.Since(info.Created) > idleJob) {
			if err := c.Purge(ctx, j.ID); err != nil && !errors.Is(err, errPurged) { // by another process
				return list, err
			}
			continue
		}
		list = append(list, j)
	}
	return list, streams.Err()
}

// Jobs returns how the jobs stand.
func (c *Conn) Jobs(ctx context.Context) ([]JobInfo, error) {
	list, err := c.jobs(ctx)
	for i := range list {
		j := &list[i]
		if err == nil {
			j.Backlog, j.Out, err = c.pending(ctx, j.ID, workersConsumer)
		}
		if err == nil {
			var out int
			j.Unread, out, err = c.pending(ctx, j.ID, rowsConsumer)
			j.Unread += out
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list the jobs: %w", err)
	}
	return list, nil
}

// pending returns how many messages of a consumer nobody has, and how many wait
// for their acknowledgement.
func (c *Conn) pending(ctx context.Context, job, consumer string) (waiting, out int, err error) {
	from, err := c.js.Consumer(ctx, streamOf(job), consumer)
	if gone(err) {
		return 0, 0, nil // it has just ended
	}
	if err != nil {
		return 0, 0, err
	}
	info := from.CachedInfo()
	return int(info.NumPending), info.NumAckPending, nil
}

// Purge removes a job and all that is stored of it.
func (c *Conn) Purge(ctx context.Context, job string) error {
	return jobError(job, once(ctx, func(ctx context.Context) error { return c.js.DeleteStream(ctx, streamOf(job)) }))
}
