//go:build unix

package transport

import "golang.org/x/sys/unix"

// mostDescriptors is more than the engines of any run need.
const mostDescriptors = 1 << 16

// descriptors is how many this process may have open.
func descriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 256
	}
	return int(min(uint64(limit.Cur), mostDescriptors))
}
