// Package rdap asks the registries whether a name is registered: the second
// opinion on names that the DNS does not show.
//
//	client, err := rdap.New(rdap.Options{UserAgent: "example/1.0"})
//	...
//	defer client.Close()
//	a := client.Ask(ctx, "go.dev")
//	fmt.Println(a.Status, a.Reason)
//
// [Client.Ask] answers for one name, [Client.Lookup] returns what the registry
// publishes about it, and [Client.Confirm] is Ask for a prober of package probe.
// Each waits for its turn at the registry's server. A caller with many names
// calls them from many goroutines, one for each name, and lets the Client do the
// pacing.
//
// # What counts as a registry's word
//
// What a reply is taken for errs on one side only. Registered is said when the
// registry says so, and reserved when it says so of the name in words that are
// known. Not registered is said on an RDAP error 404, as the status or in the
// reply, of a server that the bootstrap file names for the TLD and that knows a
// name which must exist ([Options.Known]), or on a WHOIS reply that matches, in
// whole lines, the registry's own wording. Everything else is [Unconfirmed] with
// a [Reason]: other status codes, web pages, replies that are cut, too large, about
// another name or in contradiction with themselves, a 404 that any gateway could
// give, and a 404 of a server that is merely known to answer.
//
// A WHOIS reply of at, io, jp, me and ru that says that a name is not registered
// does not carry the name: it cannot be told from a reply about another one. The
// [Answer] has a Note then.
//
// # Politeness
//
// Limits are those of a host, and not of a TLD, because a few hosts serve
// hundreds of TLDs. A host that refuses is left alone for as long as it asks;
// names at other hosts do not wait for it. After repeated refusals its
// circuit opens: its names are answered at once, unconfirmed, until some time
// has passed.
//
// Servers are not trusted either: replies are limited in size, depth and time,
// redirects go to the same host or to one that the bootstrap file names, and
// text for people is escaped.
//
// # The map
//
//	client.go     Client, and how a name finds its server
//	options.go    Options and their defaults
//	confirm.go    the word of a registry as a reason of package probe
//	answer.go     Status, Reason, Answer, Error: what can be said about a name
//	table.go      which server is responsible for a name, and what its word is worth
//	bootstrap.go  where the table comes from: IANA's file (RFC 9224), kept between runs
//	cache.go      files under the user's cache directory, written atomically
//	control.go    whether a server knows the names that must exist
//	fetch.go      one HTTPS request: deadline, size limit, redirects
//	host.go       politeness: rate, requests in flight, back-off and circuit of a host
//	verdict.go    RDAP replies (RFC 9083): whether there is a domain
//	json.go       what is asked of every JSON text before it is read
//	domain.go     what they publish about it, for people to read
//	whois.go      one question by WHOIS (RFC 3912), where there is no RDAP
//	pattern.go    WHOIS replies: what they say by the patterns of whois.txt
package rdap
