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
// publishes about it, and [Client.Confirm] is both for a prober of package probe.
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
// name which must exist ([Options.Known]). A server that IANA does not name must
// know each of them. Everything else is [Unconfirmed] with a [Reason]: other status
// codes, web pages, replies that are cut, too large, about another name or in
// contradiction with themselves, a 404 that any gateway could give, and a 404 of a
// server that is merely known to answer.
//
// A TLD without RDAP is asked about by WHOIS, if it has that: IANA names the server,
// or a file ([Options.WhoisFile]). The wording of a few registries is known line by
// line. Of all others a reply is taken apart by a grammar: a refusal comes first,
// then words about reserved names. A record that names the domain, and has a
// registrar, a date, a name server or a status, is a registration. A name is not
// registered if a whole line says so in well-known words, with the name or without
// any, nothing in the reply speaks against it, and the server that IANA names knows
// a name which must exist. What is not understood is unconfirmed.
//
// Where such a line does not carry the name it cannot be told from a reply about
// another one: the [Answer] has a Note then. It counts for no internationalized name.
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
//	client.go        Client, and how a name finds its server
//	options.go       Options and their defaults
//	answer.go        Status, Reason, Answer, Error: what can be said about a name
//	confirm.go       the word of a registry in the terms of package probe
//	host.go          rates: requests in flight, back-off and circuit of a host
//	control.go       whether a server knows the names that must exist
//	cache.go         files under the user's cache directory, written atomically
//
// RDAP (RFC 9082, RFC 9083):
//
//	table.go         which server is responsible for a name, and what its word is worth
//	bootstrap.go     where the table comes from: IANA's file (RFC 9224), kept between runs
//	fetch.go         one HTTPS request: deadline, size limit, redirects
//	json.go          what is asked of every JSON text before it is read
//	verdict.go       classification: whether there is a domain
//
// WHOIS (RFC 3912):
//
//	whoisserver.go   which server a TLD has: IANA's word, kept between runs, or a file
//	whois.go         one question
//	pattern.go       classification by whois.txt, the wording of a few registries
//	record.go        a reply as keys with values and as sentences
//	grammar.go       classification by grammar.txt, whoever wrote the reply
//
// Registration data:
//
//	registration.go  Domain, and how it is read from RDAP
//	whoisdata.go     how it is read from WHOIS
//	status.go        what the status values mean: locks, and when a name drops
//	date.go          the ways in which registries write a day
package rdap
