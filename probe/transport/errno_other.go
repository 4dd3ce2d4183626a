//go:build !windows

package transport

import "syscall"

// The errors of a write that cost the packet and say nothing about the server:
// this machine has no room for it, or does not let it out.
var lossErrors = []error{syscall.ENOBUFS, syscall.ENOMEM, syscall.EPERM, syscall.EAGAIN}

// The errors by which this machine says that it has no way to a host. A router says
// the first two as well.
var (
	routeErrors = []error{syscall.ENETUNREACH, syscall.EHOSTUNREACH}
	awayErrors  = []error{syscall.ENETDOWN, syscall.EADDRNOTAVAIL}
)

// The errors of a socket by which the far side says that it is not there. The socket
// is as good as before.
var refusalErrors = []error{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EHOSTDOWN, syscall.ENOPROTOOPT}

// The errors of a dial for which this machine has no descriptor left.
var shortErrors = []error{syscall.EMFILE, syscall.ENFILE}

// errNoSource is the error of a write over a socket whose own address this machine
// does not have any more.
const errNoSource = syscall.EINVAL

// errTooLong is the error of a read for a packet that is larger than its buffer.
// This system has none: it cuts the packet.
const errTooLong = syscall.EMSGSIZE
