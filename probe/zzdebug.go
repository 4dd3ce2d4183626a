package probe

import (
	"fmt"
	"os"
	"time"
)

var dbgLast time.Time

func (r *run) dbg() {
	if len(r.evidence.tlds) == 0 || os.Getenv("DBG") == "" || r.now.Sub(dbgLast) < 250*time.Millisecond {
		return
	}
	dbgLast = r.now
	f, _ := os.OpenFile("/tmp/w1dbg.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	var z *zone
	for _, t := range r.evidence.tlds {
		z = &t.zone
	}
	und := 0
	for _, b := range z.benches {
		if b.undecided() {
			und++
		}
	}
	paces, pacedN, srvs := 0.0, 0, 0
	inwin := 0
	for _, sv := range r.servers.all {
		st := sv.main.Stats()
		inwin += st.InFlight
		if b := z.benches[sv]; b != nil && b.believed() {
			srvs++
			if st.Pace > 0 {
				paces += st.Pace
				pacedN++
			}
		}
	}
	fmt.Fprintf(f, "n %d flying %d out %d waiting %d inwin %d held %d bulk %v trusted %d failed %d benches %d und %d heard %d believed %d paced %d mean %.1f\n", r.flight.n, r.lookups.flying, r.flight.out, r.flight.waiting.Load(), inwin, r.evidence.held, r.bulk, len(z.trusted), z.failed, len(z.benches), und, 0, srvs, pacedN, paces/float64(max(pacedN, 1)))
	fmt.Fprintln(f, "   counts: controls, looks, closers, fresh, same, other", zzc)
	if !r.bulk && r.evidence.held > 0 && r.evidence.held < 2000 && r.lookups.flying < 50 {
		k := 0
		for _, sv := range r.servers.all {
			b := z.benches[sv]
			if b == nil || len(b.open)+len(b.running) == 0 {
				continue
			}
			for _, l := range b.running {
				if k++; k < 8 {
					fmt.Fprintf(f, "   look: srtt %v votes %d out %d look %+v stats %+v silences %d age %v\n", sv.srtt, len(l.votes), l.out, l.Look, sv.main.Stats(), sv.silences, r.now.Sub(b.opened))
				}
			}
			if len(b.open) > 0 {
				if k++; k < 8 {
					fmt.Fprintf(f, "   open: srtt %v votes %d flying %d stats %+v silences %d age %v\n", sv.srtt, len(b.open), b.flying, sv.main.Stats(), sv.silences, r.now.Sub(b.opened))
				}
			}
		}
	}
	hist := map[int]int{}
	for _, sv := range r.servers.all {
		if b := z.benches[sv]; b != nil && b.believed() {
			hist[min(int(sv.main.Stats().Pace)/10, 20)]++
		}
	}
	fmt.Fprintln(f, "   pace/10", hist)
	f.Close()
}

var zzc [6]int
