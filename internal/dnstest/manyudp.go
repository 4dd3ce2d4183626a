package dnstest

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
)

// ManyServer is a running [Many].
type ManyServer struct {
	Addrs []string // of the resolvers

	resolvers []*manyResolver
	conn      *ipv4.PacketConn
	closed    chan struct{}
	running   sync.WaitGroup

	mu   sync.Mutex
	held heldResponses
}

// Start starts the resolvers on loopback, each on an address of its own and all on
// the same free port. One socket serves them, as only Linux lets it; it is bound to no
// address, but responds only to what was sent to theirs.
func (m Many) Start() (*ManyServer, error) {
	pc, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp4", "0.0.0.0:0")
	if err != nil {
		return nil, fmt.Errorf("opening the socket of many resolvers: %w", err)
	}
	// Without the right to larger buffers there are smaller ones.
	_ = pc.(*net.UDPConn).SetReadBuffer(16 << 20)
	_ = pc.(*net.UDPConn).SetWriteBuffer(16 << 20)
	s := &ManyServer{resolvers: m.resolvers(), conn: ipv4.NewPacketConn(pc), closed: make(chan struct{})}
	if err := s.conn.SetControlMessage(ipv4.FlagDst, true); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the addresses that queries are sent to: %w", err), pc.Close())
	}
	port := uint16(pc.LocalAddr().(*net.UDPAddr).Port)
	for i := range s.resolvers {
		s.Addrs = append(s.Addrs, netip.AddrPortFrom(manyAddr(i), port).String())
	}
	s.running.Go(s.read)
	s.running.Go(s.write)
	return s, nil
}

// Close stops the resolvers.
func (s *ManyServer) Close() error {
	close(s.closed)
	err := s.conn.Close()
	s.running.Wait()
	return err
}

func (s *ManyServer) read() {
	batch := make([]ipv4.Message, fastBatch)
	for i := range batch {
		batch[i].Buffers = [][]byte{make([]byte, maxFastAnswer)}
		batch[i].OOB = ipv4.NewControlMessage(ipv4.FlagDst)
	}
	for {
		n, err := s.conn.ReadBatch(batch, 0)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		for i := range max(n, 0) {
			s.take(&batch[i])
		}
	}
}

// take takes a query.
func (s *ManyServer) take(m *ipv4.Message) {
	var cm ipv4.ControlMessage
	if cm.Parse(m.OOB[:m.NN]) != nil || cm.Dst.To4() == nil {
		return
	}
	at := manyIndex([4]byte(cm.Dst.To4()))
	if at < 0 || at >= len(s.resolvers) {
		return
	}
	r := s.resolvers[at]
	response := r.respond(m.Buffers[0][:m.N])
	if response == nil {
		return
	}
	from := ipv4.ControlMessage{Src: cm.Dst}
	h := heldResponse{
		due: time.Now().Add(r.delay()),
		m:   ipv4.Message{Buffers: [][]byte{slices.Clone(response)}, OOB: from.Marshal(), Addr: m.Addr},
	}
	s.mu.Lock()
	heap.Push(&s.held, h)
	s.mu.Unlock()
}

// write sends the responses that are due, every millisecond.
func (s *ManyServer) write() {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var out []ipv4.Message
	for {
		select {
		case now := <-tick.C:
			out = s.due(out[:0], now)
			writeAll(s.conn, out)
		case <-s.closed:
			return
		}
	}
}

// due appends the responses that are due.
func (s *ManyServer) due(out []ipv4.Message, now time.Time) []ipv4.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.held) > 0 && !s.held[0].due.After(now) {
		out = append(out, heap.Pop(&s.held).(heldResponse).m)
	}
	return out
}

// A heldResponse waits until it is due.
type heldResponse struct {
	due time.Time
	m   ipv4.Message
}

// heldResponses are a heap, with the one that is due first at its top.
type heldResponses []heldResponse

func (h heldResponses) Len() int           { return len(h) }
func (h heldResponses) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h heldResponses) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *heldResponses) Push(x any)        { *h = append(*h, x.(heldResponse)) }
func (h *heldResponses) Pop() any {
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = heldResponse{}
	*h = (*h)[:len(*h)-1]
	return last
}
