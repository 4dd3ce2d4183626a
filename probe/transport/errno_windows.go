package transport

import "golang.org/x/sys/windows"

// The errors of a write that cost the packet and say nothing about the server:
// this machine has no room for it, or does not let it out.
var lossErrors = []error{windows.WSAENOBUFS, windows.ERROR_NOT_ENOUGH_MEMORY, windows.WSAEACCES, windows.WSAEWOULDBLOCK}

// The errors by which this machine says that it has no way to a host. A router says
// the first two as well.
var (
	routeErrors = []error{windows.WSAENETUNREACH, windows.WSAEHOSTUNREACH}
	awayErrors  = []error{windows.WSAENETDOWN, windows.WSAEADDRNOTAVAIL}
)

// The errors of a socket by which the far side says that it is not there. The socket
// is as good as before.
var refusalErrors = []error{windows.WSAECONNREFUSED, windows.WSAECONNRESET, windows.WSAEHOSTDOWN, windows.WSAENOPROTOOPT}

// The errors of a dial for which this machine has no descriptor left.
var shortErrors = []error{windows.WSAEMFILE}

// errNoSource is the error of a write over a socket whose own address this machine
// does not have any more.
const errNoSource = windows.WSAEINVAL

// errTooLong is the error of a read for a packet that is larger than its buffer.
const errTooLong = windows.WSAEMSGSIZE
