// Package trust holds everything that can make a verdict: the rules for one
// response, the evidence about servers, and how verdicts of several servers
// are counted. It is pure: it sends nothing, keeps no time and starts nothing.
//
//	verdict.go   the words: verdicts and reasons
//	rules.go     one response about a name -> a ruling
//	controls.go  the controls of a server for a TLD -> a finding
//	compare.go   the findings of several servers -> decisions about each
//	canary.go    a later look at a server -> it still tells the truth, or not
//	votes.go     the rulings of several servers about a name -> the verdict
//	serial.go    which of two zones is older
package trust

import "domprobe/candidate"

// A Verdict is the answer to: is this domain registered? Package probe
// documents and names the values.
type Verdict uint8

// The verdicts, as in package probe.
const (
	Unknown Verdict = iota
	Found
	NotFound
	Invalid
)

// A Reason is one word of the closed list that package probe documents.
type Reason = candidate.Reason

// The reasons of the DNS.
const (
	Delegated    Reason = "delegated"
	Exists       Reason = "exists"
	ChildZone    Reason = "child-zone"
	NXDomain     Reason = "nxdomain"
	NoSuchTLD    Reason = "no-such-tld"
	Timeout      Reason = "timeout"
	ServFail     Reason = "servfail"
	Refused      Reason = "refused"
	Unreachable  Reason = "unreachable"
	BadResponse  Reason = "bad-response"
	Bogus        Reason = "bogus"
	Truncated    Reason = "truncated"
	Filtered     Reason = "filtered"
	Wildcard     Reason = "wildcard"
	Hijacked     Reason = "hijacked"
	DeniesKnown  Reason = "denies-known"
	Stale        Reason = "stale"
	InZone       Reason = "exists-in-zone"
	NoQuorum     Reason = "no-quorum"
	Disagreement Reason = "disagreement"
	Lame         Reason = "lame"
)
