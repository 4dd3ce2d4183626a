//go:build linux && !domprobe_portable

package transport

import (
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// readErrors reads the errors that have come for packets sent, and reports whether there
// was one. Only refusals count: a connected socket is told of no others.
func (s *sharedSocket) readErrors() (some bool) {
	for {
		var packet [1]byte
		var control [128]byte
		_, n, _, to, err := unix.Recvmsg(s.conn.fd, packet[:], control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return some
		}
		some = true
		if errno := extendedError(control[:n]); isAny(errno, refusalErrors) {
			s.mu.Lock()
			p := s.places[addrPort(to)]
			s.mu.Unlock()
			if p != nil {
				s.note(p, os.NewSyscallError("recvmsg", errno))
			}
		}
	}
}

// extendedError returns the error in struct sock_extended_err of ip(7), which begins with
// its number.
func extendedError(control []byte) error {
	messages, _ := unix.ParseSocketControlMessage(control)
	for _, m := range messages {
		recvErr := m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_RECVERR ||
			m.Header.Level == unix.SOL_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if recvErr && len(m.Data) >= 4 {
			return unix.Errno(*(*uint32)(unsafe.Pointer(&m.Data[0])))
		}
	}
	return nil
}

// addrPort is an address of the socket's family.
func addrPort(a unix.Sockaddr) netip.AddrPort {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
	}
	return netip.AddrPort{}
}
