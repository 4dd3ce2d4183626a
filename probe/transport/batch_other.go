//go:build !linux || domprobe_portable

package transport

import "net"

// batchDescriptors is how many descriptors a batchConn takes.
const batchDescriptors = 1

// newBatchConn returns the connection as it is: this build moves one packet a
// system call.
func newBatchConn(conn net.Conn, window int) (batchConn, int) { return plainConn{conn}, window }
