package probe

import "time"

// usualRTT is a round trip to a resolver that has to ask a registry.
const usualRTT = 60 * time.Millisecond

// Expected estimates how long a run of so many names under so many TLDs takes if
// every server answers at the first try: as many round trips as the names in
// flight make necessary, three for the controls, and no more queries a second
// than the rates allow.
func (o Options) Expected(names, tlds int) time.Duration {
	o.fill()
	queries := o.Queries(names, tlds)
	if queries == 0 {
		return 0
	}
	d := float64(3+queries/max(o.inFlight(), 1)) * usualRTT.Seconds()
	o.Escalate = false // what is escalated is not usual
	if rate := o.slowest(); rate > 0 {
		d = max(d, float64(queries)/(rate*float64(len(o.Servers))))
	}
	return seconds(d)
}
