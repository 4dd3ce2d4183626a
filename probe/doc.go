// Package probe decides which of many domains are registered, by asking the
// DNS about all of them at once.
//
//	p, err := probe.New(probe.Options{})
//	for r, err := range p.Probe(ctx, candidate.Names("go.dev", "rust.dev")) {
//		fmt.Println(r.Name, r.Verdict, r.Reason)
//	}
//
// A [Prober] takes a stream of candidates and yields a [Result] for each, in the
// order in which they settle. A name that fails is a result; only the stream
// itself fails with an error. The zero [Verdict] is unknown: nothing is claimed
// that was not shown.
//
// # How a verdict is reached
//
// A resolver is asked for DS, which the registry answers and not the domain's
// own servers, so that broken ones do not matter (RFC 4035 section 4.2). A
// denial counts only if the SOA record with it is the registry zone's, and only
// from a server that has passed its controls: questions beside the names that
// show whether it knows the TLD, and denies what cannot exist. Everything else is
// unknown, after the other servers and transports were tried.
//
// # The map
//
//	prober.go, options.go    New, Probe, One; what can be set
//	verdict.go, result.go    the words of every answer
//	confirm.go               the registry's word, behind the DNS
//	run.go                   one loop: candidates and outcomes in, questions and results out
//	feed.go, server.go       what it takes from: the candidates; servers and their outcomes
//	flight.go, judge.go      one candidate under way; what a reply does to it
//	rules.go                 the rules themselves, without state
//	plan.go, controls.go     what is known of a TLD, and whom to believe about it
//	compare.go, mixcase.go   lying servers told from wildcard TLDs; 0x20
//	registry.go, finder.go   the registries' own servers; resolvers that know them
//	inquiry.go, memory.go    questions of the run's own; what outlives a run
//	inspect.go, survey.go    plans and resolvers as data
//	bounds.go, trace.go      how long it can take; what is told on the way
//
// Below it, package resolver says what a --resolver string means, and package
// transport how a question travels. Two packages are for those who import them:
// package doh, for resolvers over HTTPS, and package rdap, which is above this one,
// for what the registries say about names that the DNS does not have.
package probe
