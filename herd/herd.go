// Package herd spreads one run over many machines, by way of NATS with JetStream.
//
// A [Coordinator] has the Batches of a prober, and its names are decided by workers.
// [Conn.Work] is a worker. [Conn.Share] makes several servers share their verdicts.
// [Connect] opens the connection that all of them need.
//
//	conn, err := herd.Connect(ctx, herd.Options{URL: "nats://127.0.0.1:4222"})
//	if err != nil {
//		return err
//	}
//	defer conn.Close()
//	for rows, err := range conn.Coordinator(herd.Settings{}).Batches(ctx, names) {
//
// # On the wire
//
// A job is a stream domprobe-JOB with the retention of a work queue, whose
// description is the record of the job: settings, version, start. Its subjects and
// consumers are
//
//	domprobe.job.JOB.names    consumer workers: batches of names, for any worker
//	domprobe.job.JOB.rows     consumer rows: rows, for the coordinator
//	domprobe.job              tells workers that there is a new job
//	domprobe.herd             asks workers and coordinators how they are; a coordinator
//	                          does it all the time, and so shows that it is there
//
// A batch has at most [maxNames] names and [maxBytes] octets. A worker pulls as
// many as its prober has room for, renews them while it works, stores rows as they
// settle, and acknowledges a batch when all its rows are stored. The server gives
// a batch that is not renewed to another worker. So a row may come twice, and the
// coordinator, which knows what is out, folds it. It sends at most [maxOut] names
// before their rows have come. A row is acknowledged when the loop's body has had
// it. What a killed coordinator has not had is asked again by the next run.
//
// A row that is unknown is asked again of up to two other workers, so that a worker
// behind bad resolvers spoils nothing. A worker that gets no believable answer any
// more gives its batches back and pauses.
//
// # Files
//
//	conn.go                    the connection, and calls that outlast an outage
//	wire.go                    batches and rows as octets
//	record.go                  the streams of jobs
//	coordinator.go             the loop of a coordinator; sender.go, out.go: names out, rows in
//	worker.go, visit.go        the worker: jobs in turn; hold.go: the batches that it holds
//	roll.go                    who is there
//	share.go, asks.go          servers that share verdicts, and ask about the others
//	claim.go                   who asks about a name
package herd

import (
	"context"
	"iter"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// A Prober decides about names. A [*probe.Prober] is one.
type Prober interface {
	Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error]
}

// Settings are what makes a verdict, apart from the resolvers. They travel with a
// job; everything else is a worker's own.
type Settings struct {
	Quorum   int           `json:"quorum,omitempty"`
	Tries    int           `json:"tries,omitempty"`
	Timeout  time.Duration `json:"timeout,omitempty"`
	Escalate *bool         `json:"escalate,omitempty"` // nil is the worker's default
	Confirm  []string      `json:"confirm,omitempty"`  // rdap, whois
	ForSale  bool          `json:"for_sale,omitempty"` // what owners say about selling found names
	Parked   bool          `json:"parked,omitempty"`
	Dates    bool          `json:"dates,omitempty"` // what registries publish about found names
	Demo     bool          `json:"demo,omitempty"`  // names are those of the built-in demo, not of the world
}

// The bounds of what is under way.
const (
	maxNames = 256       // in a batch
	maxBytes = 32 << 10  // of names in a batch
	minOut   = 4 * 1024  // names out at the least, however few workers there are
	maxOut   = 256 << 10 // names out of a job
	maxFetch = 32        // messages of rows that are taken at a time

	idle      = 10 * time.Millisecond // without a new name, after which a batch is sent as it is
	callWait  = 5 * time.Second       // for one response of the server
	retryWait = 250 * time.Millisecond

	maxOpinions = 3 // workers that are asked before a name is unknown
)

// ackWait is after how long without a sign of life a batch is given to another
// worker. A worker renews what it holds three times as often. It is a variable for
// tests.
var ackWait = 9 * time.Second
