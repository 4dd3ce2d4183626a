// Package probe decides which of many domains are registered, by asking the
// DNS about all of them at once.
//
//	p, err := probe.New(probe.Options{})
//	if err != nil {
//		return err
//	}
//	defer p.Close()
//	for r, err := range p.Probe(ctx, candidate.Names("go.dev", "rust.dev")) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(r.Name, r.Verdict, r.Reason)
//	}
//
// # What to call
//
// [Prober.Probe] takes a stream of candidates and yields one [Result] for each,
// in the order in which they are settled. [Prober.Batches] yields them many at a
// time, for programs that handle hundreds of thousands a second. [Prober.One] is
// for a single name. [Prober.Plan] tells what would be asked about a TLD, and of
// whom; [Survey] tests resolvers; [Prober.Stats] counts what was sent to each
// server. [Options.WorstCase] and [Options.Queries] bound a run before it begins.
//
// The source of candidates runs on another goroutine than the body of the loop. A
// panic in it goes on in the loop. A name that fails is a result; only the stream
// itself fails with an error, once and last. If the context ends, that error is an
// [Unfinished], which lists the names that were yielded and have no result.
//
// The zero [Verdict] is unknown: nothing is claimed that was not shown. [Reasons]
// lists why a verdict is what it is. Not found in the DNS is not the same as free:
// [Options.Confirm] asks the registry besides, by way of package rdap. And found is
// not the same as gone: [Options.ForSale] asks whether the owner sells the name.
//
// Resolvers over HTTPS need package domprobe/probe/doh to be imported, as image
// formats do; a program without them does not bring net/http.
//
// # When a verdict is believed
//
// A resolver is asked for DS, which the registry answers and not the domain's own
// servers, so that broken ones do not matter (RFC 4035 section 4.2). NXDOMAIN
// counts only with the SOA of the registry zone, and a server is believed about a
// TLD only between two looks at it that it has passed. A look asks about a fresh
// label, which the server must deny, and about a name that exists, which it must
// not deny. The first look travels beside the first names. Later ones leave behind
// each 225 queries of the server or after 0.6 s, and of more than 16 servers after 450
// names or 2 s; until then its verdicts wait. A look that fails returns them: their names
// are asked elsewhere or later, or are unknown. Several resolvers are measured by one
// another, too: by how many names they find, and a third decides where two contradict one
// another. No look can show a small share of lies, or a lie that begins and ends within
// one look: [Options.Quorum] and the registries' own servers can.
//
// # Inside
//
// Calls run one way, down this list; the run takes back what comes up.
//
//	prober.go, options.go    New, Probe, One; the settings
//	result.go, verdict.go    the words of every answer
//	confirm.go               the registry's word, behind the DNS
//	run.go, feed.go          one loop: candidates and outcomes in, results out
//	zonefile.go              names that zone files decide
//	lookups.go, votes.go     the candidates under way; the verdicts of servers about one
//	details.go, parked.go    what is asked about names that are found
//	patience.go              names that have to wait
//	choose.go                which server is asked
//	inflight.go              how many names are in flight
//	registry.go, locator.go  the authoritative servers of registries; locating them
//	evidence.go, compare.go  which servers are believed; those that contradict one another
//	controls.go, look.go     the first look at a server; the later ones
//	beside.go                servers that others contradict
//	zone.go, bench.go        what is known of a TLD; of a server and a TLD
//	canary.go                the names that looks ask about
//	queries.go, query.go     the queries under way; what is done next with one
//	server.go, health.go     the servers; how well they answer
//	cache.go                 what later loops use again
//	inspect.go, survey.go    plans and resolvers as data
//	bounds.go, expected.go   how much a run takes
//	stats.go, trace.go       what it has taken; events
//
// Package trust, below, holds everything that can make a verdict, without a clock
// or a network. Package resolver reads the strings that name resolvers, package
// transport carries queries, package rdap asks registries, and package forsale reads
// offers.
package probe
