package trust

import (
	"fmt"

	"domprobe/probe/transport"
)

// An Opinion is the finding about one of the servers that are compared.
type Opinion struct {
	Finding
	Server    string // names the server in errors
	Serial    uint32 // of the zone, at an authoritative server of the registry
	HasSerial bool
}

// A Do is one decision about a server.
type Do uint8

const (
	Keep          Do = iota
	Distrust         // its finding becomes Decision.Finding
	AskRoot          // ask it for an address under a TLD that cannot exist
	AskWildcardNS    // ask it for NS of a label that cannot exist
	NoTLD            // it is right: the TLD does not exist
)

// A Decision is what comparison makes of one server.
type Decision struct {
	Do      Do
	Finding Finding // if Distrust
}

// Scene is what servers are compared about.
type Scene struct {
	Zone     string // the TLD, or the registry zone
	Registry bool
	Listed   bool // the TLD is on the list of delegated ones
	More     bool // further servers can be asked for their opinion
}

// Compare decides about servers that contradict one another. More tells that
// a decision has to wait for further opinions, which are to be asked for if
// none of these is pending.
func Compare(sc Scene, of []Opinion) (decisions []Decision, more bool) {
	decisions = make([]Decision, len(of))
	var n [Failed + 1]int
	for i := range of {
		n[of[i].Standing]++
	}
	if n[Suspect]+n[DeniesTLD] > 0 && n[Passed] == 0 && (sc.More || n[Pending] > 0) {
		return decisions, true
	}
	for i := range of {
		decisions[i] = sc.decide(&of[i], &n)
	}
	if n[Passed] > 1 {
		sc.compareZones(of, decisions)
		sc.compareSerials(of, decisions)
	}
	return decisions, false
}

// decide decides about one server, with the count of each standing.
func (sc *Scene) decide(o *Opinion, n *[Failed + 1]int) Decision {
	switch {
	case o.Standing == DeniesTLD && n[Passed]+n[Suspect]+n[Rewriter] > 0:
		return distrust(Disagreement, fmt.Errorf("%s denies %s, which others know", o.Server, sc.Zone))
	case o.Standing == DeniesTLD && n[DeniesTLD] == 1 && sc.Listed && o.ByRoot:
		return distrust(Disagreement, fmt.Errorf("%s alone denies the TLD %s, which is on the list of delegated ones", o.Server, lastLabel(sc.Zone)))
	case o.Standing == DeniesTLD:
		return Decision{Do: NoTLD}
	case o.Standing != Suspect:
		return Decision{}
	case n[Passed] > 0:
		f := o.Finding
		f.Standing = Rewriter
		return Decision{Distrust, f}
	case n[Suspect] > 1 || sc.Registry:
		return Decision{Do: AskWildcardNS}
	}
	return Decision{Do: AskRoot}
}

func distrust(reason Reason, err error) Decision { return Decision{Distrust, failed(reason, err)} }

// compareZones distrusts servers that name another registry zone than most.
func (sc *Scene) compareZones(of []Opinion, decisions []Decision) {
	zones := map[transport.Depth]int{}
	total := 0
	for i := range of {
		if of[i].Standing == Passed && !of[i].Wildcard {
			zones[of[i].Zone]++
			total++
		}
	}
	for i := range of {
		o := &of[i]
		if len(zones) > 1 && o.Standing == Passed && !o.Wildcard && zones[o.Zone]*2 <= total {
			decisions[i] = distrust(Disagreement, fmt.Errorf("%s and others disagree about the zone of %s", o.Server, sc.Zone))
		}
	}
}

// compareSerials notes which authoritative servers hold an older zone than
// their sisters.
func (sc *Scene) compareSerials(of []Opinion, decisions []Decision) {
	var serials []uint32
	for i := range of {
		if of[i].Standing == Passed && of[i].HasSerial {
			serials = append(serials, of[i].Serial)
		}
	}
	if len(serials) < 2 {
		return
	}
	expected := newest(serials)
	for i := range of {
		o := &of[i]
		if o.Standing != Passed || !o.HasSerial || decisions[i].Do != Keep {
			continue
		}
		if stale := OlderSerial(o.Serial, expected); stale != o.Stale {
			f := o.Finding
			f.Stale = stale
			decisions[i] = Decision{Distrust, f}
		}
	}
}

func lastLabel(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			return name[i+1:]
		}
	}
	return name
}
