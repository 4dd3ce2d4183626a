package transport

import "golang.org/x/sys/windows"

// The errors of a write that cost the packet and say nothing about the server:
// this machine has no room for it, or does not let it out.
var lossErrors = []error{windows.WSAENOBUFS, windows.ERROR_NOT_ENOUGH_MEMORY, windows.WSAEACCES, windows.WSAEWOULDBLOCK}

// errTooLong is the error of a read for a packet that is larger than its buffer.
const errTooLong = windows.WSAEMSGSIZE
