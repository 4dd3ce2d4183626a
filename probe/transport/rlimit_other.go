//go:build !unix

package transport

// descriptors is how many sockets this process may have open. These systems set no
// bound that a run comes near.
func descriptors() int { return 8192 }
