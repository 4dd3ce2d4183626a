package probe_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe"
)

// An instantExchanger answers at once.
type instantExchanger struct{}

func (instantExchanger) ExchangeContext(_ context.Context, m *dns.Msg, _ string) (*dns.Msg, time.Duration, error) {
	return attacked.Resolve(m), 0, nil
}

// How many names a second are settled must not depend on how many resolvers
// there are. The metric "of-2" is the share of what is settled with two.
func BenchmarkManyResolvers(b *testing.B) {
	const n = 200000
	names := attackNames(n, "dev")
	var withTwo float64
	for _, resolvers := range []int{2, 200, 2000} {
		b.Run(fmt.Sprint(resolvers), func(b *testing.B) {
			var addrs []string
			for i := range resolvers {
				addrs = append(addrs, fmt.Sprintf("10.53.%d.%d:53", i/200, i%200+1))
			}
			opts := probe.Options{Servers: udpServers(addrs...), Exchanger: instantExchanger{}, Rate: -1}
			began := time.Now()
			for b.Loop() {
				if c := attack(b, opts, names); c.right != n {
					b.Fatal(c)
				}
			}
			speed := float64(b.N*n) / time.Since(began).Seconds()
			if resolvers == 2 {
				withTwo = speed
			}
			b.ReportMetric(speed, "names/s")
			b.ReportMetric(speed/withTwo, "of-2")
		})
	}
}
