package probe_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// Sim.
func TestZZCrowdSim(t *testing.T) {
	var n, names int
	if k, _ := fmt.Sscan(os.Getenv("SIM"), &n, &names); k < 2 {
		t.Skip()
	}
	synctest.Test(t, func(t *testing.T) {
		var network dnstest.Net
		m := dnstest.ManyOf(n)
		addrs := m.Join(&network)
		rng := rand.New(rand.NewPCG(1, 2))
		opts := probe.Options{Servers: udpServers(addrs...), Dial: network.Dial}
		fmt.Sscan(os.Getenv("SIMC"), &opts.Concurrency)
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		wrong, unknown, rows := 0, 0, 0
		sec := map[int]int{}
		tries := map[int]int{}
		for r, err := range p.Probe(context.Background(), func(yield func(candidate.Candidate, error) bool) {
			seen := map[string]bool{}
			for len(seen) < names {
				label := make([]byte, 6+rng.IntN(6))
				for i := range label {
					label[i] = 'a' + byte(rng.IntN(26))
				}
				if s := string(label); !seen[s] {
					seen[s] = true
					if !yield(candidate.Parse(s+".com"), nil) {
						return
					}
				}
			}
		}) {
			if err != nil {
				t.Fatal(err)
			}
			rows++
			want := probe.NotFound
			if dnstest.Registered(r.Name[:len(r.Name)-4], 50) {
				want = probe.Found
			}
			switch r.Verdict {
			case want:
			case probe.Unknown:
				unknown++
			default:
				wrong++
			}
			sec[int(time.Since(began)/(250*time.Millisecond))]++
			tries[min(r.Tries, 9)]++
		}
		took := time.Since(began)
		p.Close()
		limit := float64(names) / float64(m.Good*m.QPS)
		t.Logf("%d resolvers, %d names: %.2f s, %.2f of the limit; wrong %d unknown %d rows %d",
			n, names, took.Seconds(), took.Seconds()/limit, wrong, unknown, rows)
		var per []int
		for k := range int(took/(250*time.Millisecond)) + 1 {
			per = append(per, sec[k])
		}
		t.Log(per, tries)
	})
}
