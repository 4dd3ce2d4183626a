package probe_test

import (
	"slices"
	"sync"
	"testing"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// TestFaultMatrixLoopback tries a hundred cells over real sockets, where the
// engine moves its packets in batches.
func TestFaultMatrixLoopback(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	all := slices.DeleteFunc(cells(), func(cell []cellFault) bool {
		return slices.ContainsFunc(cell, func(f cellFault) bool { return f.name == "late after ID reuse" })
	})
	const some = 100
	var running sync.WaitGroup
	var mu sync.Mutex
	var problems []string
	slots := make(chan struct{}, 20)
	for i := range some {
		cell := all[i*(len(all)-1)/(some-1)]
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			found := tryOnLoopback(t, cell)
			mu.Lock()
			defer mu.Unlock()
			problems = append(problems, found...)
		})
	}
	running.Wait()
	for _, problem := range problems {
		t.Error(problem)
	}
	t.Logf("%d cells over loopback sockets", some)
}

func tryOnLoopback(t *testing.T, cell []cellFault) (problems []string) {
	var addrs []string
	for _, s := range []*faultyServer{
		newFaulty(cell, false, world.Resolve), newFaulty(cell, true, world.Resolve), newFaulty(nil, false, world.Resolve),
	} {
		server, err := dnstest.Host{UDP: s.datagram, TCP: s.tcp()}.Start()
		if err != nil {
			t.Error(err)
			return nil
		}
		defer server.Close()
		addrs = append(addrs, server.Addr())
	}
	got := probeAll(t, probe.Options{Servers: udpServers(addrs[0])}, matrixNames...)
	judgeCell(&problems, "one resolver", cell, got, alone(cell))
	got = probeAll(t, probe.Options{Servers: udpServers(addrs[1:]...)}, matrixNames...)
	judgeCell(&problems, "two resolvers", cell, got, surely)
	return problems
}
