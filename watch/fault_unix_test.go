//go:build unix

package watch

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// A database that is cut while it is read is memory that is not there.
func TestFault(t *testing.T) {
	empty, err := os.Create(filepath.Join(t.TempDir(), "empty"))
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	memory, err := syscall.Mmap(int(empty.Fd()), 0, os.Getpagesize(), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(memory)
	var read byte
	err = newFile(t).view(func(*bolt.Tx) error { read = memory[0]; return nil })
	if err == nil || !strings.Contains(err.Error(), "it is damaged") {
		t.Errorf("%d, %v", read, err)
	}
}
