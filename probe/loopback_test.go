package probe_test

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// serveFaulty puts a faulty server on loopback sockets.
func serveFaulty(s *faultyServer) (*dnstest.Server, error) {
	return dnstest.ServeRaw(dnstest.Raw{
		UDP: func(pc net.PacketConn, to net.Addr, q []byte) {
			for _, r := range s.datagram(q, netip.AddrPort{}) {
				time.AfterFunc(r.Delay, func() { sendFrom(pc, to, r) })
			}
		},
		TCP: s.tcp(),
	})
}

// sendFrom sends a reply, if it is to come from elsewhere through a socket of
// its own.
func sendFrom(pc net.PacketConn, to net.Addr, r dnstest.Reply) {
	if r.From.IsValid() {
		other, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return
		}
		defer other.Close()
		pc = other
	}
	// An asker that has gone away is no concern of the server's.
	_, _ = pc.WriteTo(r.Bytes, to)
}

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
		server, err := serveFaulty(s)
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
