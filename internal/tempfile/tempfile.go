// Package tempfile writes a file beside the one that it is to replace, so that
// whoever looks, also after a crash or on a full disk, sees the old one or the new
// one as a whole.
//
// [Create] makes the new file, which [Publish] gives its name after [Sync], and
// [Discard] removes. Files that a killed process left behind are removed by the
// next Create, as their locks have ended with it.
//
// [Scratch] makes a file for this process alone.
package tempfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// ErrLocked is the error of a file that is being written already.
var ErrLocked = errors.New("another process is writing this file")

// The operations of the system that can fail. Tests replace these.
var (
	LockFile = flock
	Sync     = (*os.File).Sync
)

// ErrNotRegular is the error of a device or a pipe, which a file must not replace.
var ErrNotRegular = errors.New("it is no regular file")

// Lock takes the lock of a file, and makes sure that path still is its
// name: the holder of the lock may just have replaced it. A file system without
// locks is no reason to refuse.
func Lock(f *os.File, path string) error {
	if err := LockFile(f); errors.Is(err, ErrLocked) {
		return &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	its, err := os.Stat(path)
	if err == nil && !os.SameFile(mine, its) {
		err = &fs.PathError{Op: "lock", Path: path, Err: ErrLocked}
	}
	return err
}

// Create creates a locked file beside path, and returns it with the name
// that it is to get: path, or the file that path links to. The new file has the
// mode of that one.
func Create(path string) (temp *os.File, dest string, err error) {
	dest = path
	mode := fs.FileMode(0o666)
	info, err := os.Stat(path)
	if err == nil {
		if !info.Mode().IsRegular() && !info.IsDir() {
			return nil, "", &fs.PathError{Op: "create", Path: path, Err: ErrNotRegular}
		}
		// A file that the user may not write must not be replaced either.
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, "", err
		}
		w.Close()
		if dest, err = filepath.EvalSymlinks(path); err != nil {
			return nil, "", err
		}
		mode = info.Mode().Perm()
	}
	RemoveStale(path)
	if temp, err = openTemp(dest, mode); err == nil && info != nil {
		if err = temp.Chmod(mode); err != nil { // the umask may have taken something away
			Discard(temp)
		}
	}
	if err != nil {
		return nil, "", &fs.PathError{Op: "create", Path: path, Err: Cause(err)}
	}
	return temp, dest, nil
}

// openTemp creates a file that becomes dest, and locks it. A process that looks
// for stale files can be faster than the lock.
func openTemp(dest string, mode fs.FileMode) (*os.File, error) {
	for try := 1; ; try++ {
		name := filepath.Join(filepath.Dir(dest), tempPrefix(dest)+rand.Text()[:8]+".tmp")
		temp, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|Appending, mode)
		if err != nil {
			return nil, err
		}
		if err = Lock(temp, name); err == nil {
			return temp, nil
		}
		if Discard(temp); try == 10 {
			return nil, err
		}
	}
}

// Scratch creates a file in a folder that only this process reads and writes, and
// that [Discard] ends. An empty folder is that of the system.
func Scratch(folder, pattern string) (*os.File, error) {
	f, err := os.CreateTemp(folder, pattern)
	if err != nil {
		return nil, err
	}
	// Without a name it is gone when the process is, however that ends. Windows
	// refuses, and the file is removed by Discard.
	_ = os.Remove(f.Name())
	return f, nil
}

// Discard closes and removes a temporary file.
func Discard(temp *os.File) {
	temp.Close()
	os.Remove(temp.Name())
}

func tempPrefix(dest string) string { return "." + filepath.Base(dest) + "." }

// isTempSuffix reports whether the rest of a name is as openTemp makes it, with
// characters of rand.Text.
func isTempSuffix(rest string) bool {
	random, ok := strings.CutSuffix(rest, ".tmp")
	return ok && len(random) == 8 && strings.Trim(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// RemoveStale removes the temporary files of killed runs for a file: openTemp
// named them, and no process holds their lock.
func RemoveStale(path string) {
	dest, err := filepath.EvalSymlinks(path)
	if err != nil {
		dest = path
	}
	entries, _ := os.ReadDir(filepath.Dir(dest)) // an unreadable folder keeps them
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), tempPrefix(dest))
		if !ours || !isTempSuffix(rest) || !e.Type().IsRegular() {
			continue
		}
		name := filepath.Join(filepath.Dir(dest), e.Name())
		if f, err := os.OpenFile(name, os.O_RDWR, 0); err == nil {
			if LockFile(f) == nil {
				os.Remove(name) // fails on Windows, where f is in the way
			}
			f.Close()
		}
	}
}

// Publish gives a temporary file its name, and has the disk confirm it. Windows
// renames neither over nor from an open file.
func Publish(temp *os.File, dest string) error {
	if runtime.GOOS == "windows" {
		temp.Close()
	}
	if err := os.Rename(temp.Name(), dest); err != nil {
		return err
	}
	return SyncFolder(dest)
}

// Replace publishes temp in the place of an open file, and returns the file of
// that name, still locked. The other one is closed.
func Replace(old, temp *os.File, dest string) (*os.File, error) {
	if runtime.GOOS == "windows" {
		old.Close()
	}
	if err := Publish(temp, dest); err != nil {
		return old, err
	}
	if runtime.GOOS != "windows" {
		old.Close()
		return temp, nil
	}
	f, err := os.OpenFile(dest, os.O_WRONLY, 0)
	if err != nil {
		return old, err
	}
	return f, Lock(f, dest)
}

// SyncFolder has the disk confirm the name of a file, where a folder can be
// opened and synced at all.
func SyncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil || runtime.GOOS == "windows" {
		return nil
	}
	defer folder.Close()
	err = Sync(folder)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// Cause returns an error without the name of its file, which may be a temporary
// one.
func Cause(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}
