package report

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"domprobe/internal/tempfile"
	"domprobe/probe"
)

// ErrLocked is the error of a report that is being written already.
var ErrLocked = tempfile.ErrLocked

// A File is a report in a file. A run ends it with [File.Close], [File.Interrupt]
// or [File.Abort], so that no half report is left that looks whole.
//
// The row formats go to the file itself, whole rows in each write. The other
// formats go to a temporary file in the same folder, which Close renames. A path
// that is not a regular file, such as /dev/stdout, is written directly.
//
// Nothing in an existing file changes before [File.Begin], so that several
// reports can be opened, and all be left alone when one of them cannot be.
//
// A file that another program deletes, replaces or changes while it is written
// is an error, of Write within a second or of Close.
type File struct {
	Writer
	path    string   // as the caller knows it
	f       *os.File // nil once closed
	temp    string   // the name of f, when it is not path
	dest    string   // the name that temp gets: path, or the file that path links to
	created bool     // there was no file at path
	begun   bool
	prepare func() error // for Begin; nil is nothing

	regular bool      // otherwise nothing is checked
	size    int64     // bytes written
	checked time.Time // when the file was compared with them
}

// Create opens a report for writing. An existing file is emptied by
// [File.Begin] for a row format, and replaced by [File.Close] for the others.
// A missing folder, a path that is a folder, and one that may not be written are
// errors now, before a run begins. The error is an [*fs.PathError], which wraps
// [ErrLocked] when some other File is open on the same rows, a [*FormatError] or
// a [*ColumnError].
func Create(path, format string, o Options) (*File, error) {
	kind, err := o.check(format)
	if err != nil {
		return nil, err
	}
	file := &File{path: path}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir(), path == "", os.IsPathSeparator(path[len(path)-1]):
		return nil, &fs.PathError{Op: "create", Path: path, Err: errFolder}
	case kind.whole && (err != nil || info.Mode().IsRegular()):
		if file.f, file.dest, err = tempfile.Create(path); err == nil {
			file.temp, file.regular = file.f.Name(), true
		}
	default:
		err = file.openRows(os.O_WRONLY)
	}
	if err != nil {
		return nil, err
	}
	file.Writer = kind.open(rowFile{file, o.rowEnd(format)}, o)
	return file, nil
}

var errFolder = errors.New("not the name of a file")

// openRows opens the target itself, which Begin empties, and locks it.
func (f *File) openRows(access int) (err error) {
	f.created = missing(f.path)
	if f.f, err = os.OpenFile(f.path, access|os.O_CREATE|tempfile.Appending, 0o666); err != nil {
		return err
	}
	info, err := f.f.Stat()
	if err == nil && info.Mode().IsRegular() {
		f.regular = true
		tempfile.RemoveStale(f.path)
		f.prepare = func() error { return f.f.Truncate(0) }
		err = tempfile.Lock(f.f, f.path)
	}
	if err != nil {
		f.f.Close()
	}
	return err
}

// missing reports whether nothing has this name, not even a link.
func missing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// Begin makes the file ready for the first row: it empties the file, or
// removes from a resumed report the rows that do not stay. The first
// [File.Write] does it too, and so does [File.Close].
func (f *File) Begin() error {
	if f.begun {
		return nil
	}
	if f.prepare != nil {
		if err := f.prepare(); err != nil {
			return err
		}
	}
	f.begun, f.checked = true, time.Now()
	return nil
}

var (
	errDeleted  = errors.New("another program deleted or moved it while it was written")
	errReplaced = errors.New("another program replaced it while it was written")
)

// check compares the name and the size of a file with those of the report that
// was written.
func (f *File) check() error {
	if !f.regular {
		return nil
	}
	f.checked = time.Now()
	name := f.path
	if f.temp != "" {
		name = f.temp
	}
	mine, err := f.f.Stat()
	if err != nil {
		return f.failed("write", err)
	}
	its, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = errDeleted
	case err == nil && !os.SameFile(mine, its):
		err = errReplaced
	case err == nil && mine.Size() != f.size:
		err = fmt.Errorf("another program changed it while it was written: it has %d bytes, of which %d were written",
			mine.Size(), f.size)
	}
	return f.failed("write", err)
}

// failed makes an [*fs.PathError] about the report of an error.
func (f *File) failed(op string, err error) error {
	if p, ok := err.(*fs.PathError); err == nil || ok && p.Path == f.path {
		return err
	}
	return &fs.PathError{Op: op, Path: f.path, Err: tempfile.Cause(err)}
}

// A rowFile is a file that is written in whole rows. Its errors carry the name of
// the report.
type rowFile struct {
	file *File
	end  byte // of a row
}

// Write writes whole rows. When the disk takes only a part of them, it takes
// back the last row, which is torn.
func (w rowFile) Write(p []byte) (int, error) {
	f := w.file
	if time.Since(f.checked) >= time.Second {
		if err := f.check(); err != nil {
			return 0, err
		}
	}
	n, err := f.f.Write(p)
	f.size += int64(n)
	if err != nil && f.regular {
		f.size -= int64(n - (bytes.LastIndexByte(p[:n], w.end) + 1))
		f.f.Truncate(f.size) // best effort: err is reported anyway
	}
	return n, f.failed("write", err)
}

// Close ends the report of a run that went well: it writes the end of the
// format, waits until the disk has it, and gives the file its name. After an error
// the file is as after [File.Abort].
func (f *File) Close() error {
	if f.f == nil {
		return f.failed("close", fs.ErrClosed)
	}
	if err := f.finish(); err != nil {
		f.Abort()
		return f.failed("close", err)
	}
	err := f.f.Close()
	f.f = nil
	if f.temp != "" && errors.Is(err, fs.ErrClosed) { // by publish, on Windows
		err = nil
	}
	return f.failed("close", err)
}

// finish writes the end of the report, and has the disk confirm the file and its
// name.
func (f *File) finish() error {
	err := f.Begin()
	if err == nil {
		err = f.Writer.Close()
	}
	if err != nil || !f.regular {
		return err
	}
	if err = f.failed("write", tempfile.Sync(f.f)); err == nil { // some disks say only now that they are full
		err = f.check()
	}
	switch {
	case err != nil:
		return err
	case f.temp != "":
		return tempfile.Publish(f.f, f.dest)
	case f.created:
		return tempfile.SyncFolder(f.path)
	}
	return nil
}

// Interrupt ends the report of a run that was interrupted. A row format is as after
// [File.Close]. Another one would look whole: it gets a name of its own, with ".part"
// before the extension, which is returned, and an earlier report stays.
func (f *File) Interrupt() (part string, err error) {
	if f.temp != "" {
		ext := filepath.Ext(f.dest)
		part = strings.TrimSuffix(f.dest, ext) + ".part" + ext
		f.dest = part
	}
	return part, f.Close()
}

// Abort ends the report of a run that failed. A row format keeps its rows. The
// other formats leave nothing, and an earlier report stays. A report that was not
// begun is left as it was found. After Close it does nothing.
func (f *File) Abort() error {
	if f.f == nil {
		return nil
	}
	err := f.f.Close()
	f.f = nil
	name := f.temp
	if f.created && !f.begun {
		name = f.path
	}
	if name != "" {
		if e := os.Remove(name); err == nil && !errors.Is(e, fs.ErrNotExist) {
			err = e
		}
	}
	return f.failed("close", err)
}

// Write writes rows through to the file. The error is an [*fs.PathError].
func (f *File) Write(rows []probe.Result) error {
	if f.f == nil {
		return f.failed("write", fs.ErrClosed)
	}
	if err := f.Begin(); err != nil {
		return err
	}
	return f.Writer.Write(rows)
}
