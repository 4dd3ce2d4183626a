package probe

import (
	"time"

	"domprobe/candidate"
	"domprobe/probe/forsale"
)

// A Result is the verdict on one candidate: exactly one for each that went in.
type Result struct {
	candidate.Candidate

	Verdict Verdict
	Reason  Reason

	// Source names who decided: "dns" or "zone", or "dns+rdap", "dns+whois"
	// and the like when the registry confirmed or corrected it. It is empty for a name that was
	// never asked about. Rcode, Server, RTT and Tries are of the DNS anyway.
	Source string

	// Rcode is the RCODE of the response that decided, with its extended
	// bits (RFC 6891 section 6.1.3), and -1 when no response decided.
	Rcode int

	// Server is the server whose response decided: "127.0.0.1:53",
	// "tls://9.9.9.10:853". It is empty when none did.
	Server string

	// RTT is how long that response took from the query it answers.
	RTT time.Duration

	// Tries is how many queries were sent for the name, over all servers.
	Tries int

	// At is when the verdict was reached.
	At time.Time

	// TTL is how old a not-found may be: what was left of the negative TTL
	// (RFC 2308 section 5) in the response. It is zero for every other verdict.
	TTL time.Duration

	// Sale is what the owner of a found name says about selling it, with
	// [Options.ForSale].
	Sale forsale.Sale

	// SaleKnown tells that Sale is all that there is, or, in a row of a report, that
	// the report has offers. Without it an empty Sale may come of a query without an
	// answer.
	SaleKnown bool

	// Parked names the service on whose servers a found name is parked, with
	// [Options.Parked]. It is a hint, and empty where there is none.
	Parked string

	// Via names the worker that decided, where several share a run.
	Via string

	// Registration is what the registry publishes about a found name, with
	// [Options.Dates]. It is nil when there is nothing, and Err says why.
	Registration *Registration

	// Err is the detail behind an unknown or invalid verdict, behind a
	// not-found one that could not be confirmed, or behind a found one without
	// the Registration that was asked for: one line for the user. It is nil
	// otherwise.
	Err error
}

// A Registration is what a registry publishes about a name that is registered.
// What it does not publish is empty.
type Registration struct {
	Registrar        string
	Created, Expires time.Time
	Status           []string  // in the words of RFC 8056 where it has them
	Drops            time.Time // the day by which anybody can have the name
}
