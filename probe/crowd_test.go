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

// manyOf is a list of so many resolvers as it is found.
func manyOf(n int) dnstest.Many {
	return dnstest.Many{
		Good: n * 60 / 100, Dead: n * 15 / 100, Refusing: n / 10, Rewriting: n * 8 / 100,
		Filtering: n * 4 / 100, Slow: n * 3 / 100,
		QPS: 50, Delay: 25 * time.Millisecond, Loss: 1,
	}
}

// Sim.
func TestZZCrowdSim(t *testing.T) {
	var n, names int
	if k, _ := fmt.Sscan(os.Getenv("SIM"), &n, &names); k < 2 {
		t.Skip()
	}
	synctest.Test(t, func(t *testing.T) {
		var network dnstest.Net
		m := manyOf(n)
		addrs, counts := m.Join(&network)
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
		asked, dropped := counts()
		all := 0
		for _, k := range asked {
			all += k
		}
		t.Logf("%d resolvers, %d names: %.2f s, %.2f of the limit; wrong %d unknown %d rows %d\nasked %v dropped %v all %d a name %.3f",
			n, names, took.Seconds(), took.Seconds()/limit, wrong, unknown, rows, asked, dropped, all, float64(all)/float64(names))
		var per []int
		for k := range int(took/(250*time.Millisecond)) + 1 {
			per = append(per, sec[k])
		}
		t.Log(per, tries)
	})
}
