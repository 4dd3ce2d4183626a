//go:build !linux

package dnstest

import "syscall"

// reusePort lets several sockets share one address. It is nil where the
// system does not spread the load over them.
var reusePort func(network, address string, c syscall.RawConn) error
