//go:build !windows

package transport

import "syscall"

// The errors of a write that cost the packet and say nothing about the server:
// this machine has no room for it, or does not let it out.
var lossErrors = []error{syscall.ENOBUFS, syscall.ENOMEM, syscall.EPERM, syscall.EAGAIN}

// errTooLong is the error of a read for a packet that is larger than its buffer.
// This system has none: it cuts the packet.
const errTooLong = syscall.EMSGSIZE
