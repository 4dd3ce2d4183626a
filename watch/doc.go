// Package watch looks at names again and again, each as often as its life asks,
// and tells what has changed.
//
//	file := watch.NewFile("names.db")
//	_, err := file.Add(watch.State{Name: "go.dev"})
//	...
//	w := watch.Watcher{File: file, Prober: prober, Sinks: []watch.Sink{{Name: "rows", Deliver: show}}}
//	err = w.Run(ctx)
//
// A name that is not found is looked at every hour, or when the negative response
// may no longer be cached; a found one every day, every week while it expires in
// more than 90 days, every hour in the redemption period and every 5 minutes while
// it waits to be deleted. A look that ends unknown changes nothing but the time of
// the next one, which comes sooner.
//
// # Events
//
// The file keeps the state of each name, and the events that are not yet
// delivered: an event is written in the transaction that changes the state, and
// deleted when a [Sink] has taken it. However the process ends, no event is lost,
// and only one that was being delivered can come twice, with the same ID.
//
// A transaction opens the file and closes it, so that other processes can list,
// add and remove names while a Watcher runs. Of Watchers there is one at a time.
//
// # The map
//
//	state.go    State: what is known of a name, and what a look makes of it
//	plan.go     when a name is looked at next
//	event.go    Event, and how two states differ
//	file.go     File: the states of names, and which of them are due
//	queue.go    the events that wait for a sink
//	database.go the database of a File (bbolt), its transactions and its lock
//	watcher.go  Watcher: the looks
//	sink.go     Sink: how waiting events are delivered
//	command.go  a Sink that runs a command
//	webhook.go  a Sink that posts to a URL
package watch
