//go:build !linux || domprobe_portable

package transport

import "net"

// batchDescriptors is how many descriptors a batchConn takes.
const batchDescriptors = 1

// newScoutConn and newBatchConn return the connection as it is: this build moves one
// packet a system call.
func newScoutConn(conn net.Conn) batchConn { return plainConn{conn} }

func newBatchConn(conn net.Conn, window int) (batchConn, int) { return plainConn{conn}, window }
