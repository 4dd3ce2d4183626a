//go:build !linux || domprobe_portable

package transport

// A Shared is sockets that the engines of many servers share. This build has none:
// each engine has its own.
type Shared struct{}

// Flush sends what the engines have been asked.
func (*Shared) Flush() {}

func (*Shared) join(*udpWorker) bool { return false }
