package watch

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"domprobe/internal/tempfile"
)

// ErrRunning says that another Watcher runs on the file.
var ErrRunning = errors.New("another watch is running on it")

// A file has these buckets. In waiting there is one for each sink, whose keys are
// the numbers of events.
var (
	meta    = []byte("domprobe watch")
	names   = []byte("names")
	waiting = []byte("waiting")

	version, tag = []byte("version"), []byte("tag") // keys of meta
)

// format is the version of what is in the buckets.
const format = "1"

// busy is how long a transaction of another process may take.
const busy = 10 * time.Second

// lock makes the caller the only Watcher until it calls unlock. The lock is that of
// an empty database beside the file: it ends with the process.
func (f *File) lock() (unlock func() error, err error) {
	db, err := bolt.Open(f.path+".lock", 0o600, &bolt.Options{Timeout: time.Nanosecond})
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = ErrRunning
	}
	if err != nil {
		return nil, f.failed(err)
	}
	return db.Close, nil
}

func (f *File) failed(err error) error { return fmt.Errorf("state file %s: %w", f.path, err) }

// view runs a transaction that reads. It runs none in a file that does not exist, or
// is empty because who made it was killed.
func (f *File) view(read func(*bolt.Tx) error) error {
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return nil
	}
	return f.open(&bolt.Options{Timeout: busy, ReadOnly: true}, func(db *bolt.DB) error { return db.View(read) })
}

// update runs a transaction that writes. It is done entirely or not at all.
func (f *File) update(write func(*bolt.Tx) error) error {
	return f.open(&bolt.Options{Timeout: busy, NoSync: f.noSync}, func(db *bolt.DB) error {
		return db.Update(func(tx *bolt.Tx) error {
			if err := prepare(tx); err != nil {
				return err
			}
			return write(tx)
		})
	})
}

// open opens the database for one transaction. One that is damaged makes bbolt
// panic, or read memory that is not there.
func (f *File) open(opts *bolt.Options, transact func(*bolt.DB) error) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = f.failed(fmt.Errorf("it is damaged; to begin anew, move it away: %v", p))
		}
	}()
	if info, err := os.Stat(f.path); err == nil && !info.Mode().IsRegular() {
		return f.failed(tempfile.ErrNotRegular) // a pipe would be waited for
	}
	db, err := bolt.Open(f.path, 0o600, opts)
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return f.failed(errors.New("another program holds it"))
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return f.failed(fmt.Errorf("it is damaged or no state file: %w", err))
	case err != nil:
		return f.failed(err)
	}
	if err = check(db); err == nil {
		err = transact(db)
	}
	if err = cmp.Or(err, db.Close()); err != nil {
		return f.failed(err)
	}
	return nil
}

// check refuses a database that another program has made.
func check(db *bolt.DB) error {
	return db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(meta)
		if b == nil {
			if first, _ := tx.Cursor().First(); first != nil {
				return errors.New("it is the database of another program")
			}
			return nil
		}
		if v := string(b.Get(version)); v != format {
			return fmt.Errorf("it has the format %q, and this program knows %s", v, format)
		}
		return nil
	})
}

// prepare makes the buckets.
func prepare(tx *bolt.Tx) error {
	if tx.Bucket(meta) != nil {
		return nil
	}
	about, err := tx.CreateBucket(meta)
	if err != nil {
		return err
	}
	_, errNames := tx.CreateBucket(names)
	_, errWaiting := tx.CreateBucket(waiting)
	return errors.Join(errNames, errWaiting, about.Put(version, []byte(format)), about.Put(tag, fmt.Appendf(nil, "%08x", rand.Uint32())))
}
