package trust

// Votes are the verdicts of different servers about one name that the
// evidence has released.
type Votes struct {
	Found, NotFound int32
	Referral        bool // found by a referral of the registry's own server
}

// Count returns the verdict once enough servers agree. A referral of the
// registry's own server, which no other can contradict, needs no second vote.
// Of servers that contradict one another the larger part decides if it is also
// a quorum; more tells that another vote may decide.
func (v Votes) Count(quorum int) (verdict Verdict, more bool) {
	switch {
	case v.Referral && v.NotFound == 0, int(v.Found) >= quorum && v.Found > v.NotFound:
		return Found, false
	case int(v.NotFound) >= quorum && v.NotFound > v.Found:
		return NotFound, false
	}
	return Unknown, true
}

// Lacking is the reason of a name for which no further server can vote.
func (v Votes) Lacking() Reason {
	switch {
	case v.Found > 0 && v.NotFound > 0:
		return Disagreement
	case v.Found+v.NotFound > 0:
		return NoQuorum
	}
	return ""
}
