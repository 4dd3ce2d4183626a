//go:build linux && !domprobe_portable

package transport

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// batchHeaders are the headers of a batch.
type batchHeaders struct {
	msg  [batchLen]mmsghdr
	iov  [batchLen]unix.Iovec
	size [batchLen]segmentSize
}

// A segmentSize is the control message UDP_SEGMENT of udp(7): the kernel cuts the
// message that it goes with into packets of this size.
type segmentSize struct {
	hdr  unix.Cmsghdr
	size uint16
}

func (h *batchHeaders) init() {
	for i := range h.msg {
		h.msg[i].hdr.Iov = &h.iov[i]
		h.msg[i].hdr.SetIovlen(1)
		h.size[i].hdr = unix.Cmsghdr{Level: unix.SOL_UDP, Type: unix.UDP_SEGMENT}
		h.size[i].hdr.SetLen(unix.CmsgLen(2))
	}
}

// fill makes messages of the packets and returns how many: one of each packet or,
// with segments, one of packets of the same length that follow one another. These go
// through the network stack together, which takes a third off the time of a write.
func (h *batchHeaders) fill(out [][]byte, segments bool) (n int) {
	for first := 0; first < len(out); n++ {
		end := first
		for end < len(out) && (end == first || segments && len(out[end]) == len(out[first])) {
			h.iov[end].Base = &out[end][0]
			h.iov[end].SetLen(len(out[end]))
			end++
		}
		hdr := &h.msg[n].hdr
		hdr.Iov = &h.iov[first]
		hdr.SetIovlen(end - first)
		hdr.Control, hdr.Controllen = nil, 0
		if end-first > 1 {
			h.size[n].size = uint16(len(out[first]))
			hdr.Control = (*byte)(unsafe.Pointer(&h.size[n]))
			hdr.SetControllen(int(unsafe.Sizeof(h.size[n])))
		}
		first = end
	}
	return n
}

// call makes a system call, of those that do not block, for the first n messages.
func (h *batchHeaders) call(trap uintptr, fd, n int) (int, syscall.Errno) {
	done, _, errno := syscall.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&h.msg[0])),
		uintptr(n), unix.MSG_DONTWAIT, 0, 0)
	return int(done), errno
}
