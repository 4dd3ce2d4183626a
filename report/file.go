package report

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"domprobe/probe"
)

// A File is a report in a file. A run ends it with either [File.Close] or
// [File.Abort], so that what is left there is never half a report that looks
// whole.
//
// The row formats go to the file itself, whole rows in each write. The other
// formats go to a temporary file in the same folder, which Close renames. What
// is not a regular file, such as /dev/stdout, is written directly.
//
// Nothing in an existing file changes before [File.Begin], so that several
// reports can be opened, and all be left alone when one of them cannot be.
type File struct {
	Writer
	path    string   // as the caller knows it
	f       *os.File // nil once closed
	temp    string   // what f is called, when it is not path
	dest    string   // what temp becomes: path, or where that links to
	created bool     // there was no file at path
	begun   bool
	prepare func() error // what Begin does; nil is nothing
}

// Create opens a report for writing. An existing file is emptied by
// [File.Begin] for a row format, and replaced by [File.Close] for the others.
// That the folder is missing, that path is a folder, or that it may not be
// written is an error now, before anything is asked. It is an [*fs.PathError],
// which wraps [ErrLocked] when some other File is open on the same rows, or a
// [*FormatError].
func Create(path, format string, o Options) (*File, error) {
	kind, err := lookup(format)
	if err != nil {
		return nil, err
	}
	file := &File{path: path}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir(), path == "", os.IsPathSeparator(path[len(path)-1]):
		return nil, &fs.PathError{Op: "create", Path: path, Err: errFolder}
	case kind.whole && (err != nil || info.Mode().IsRegular()):
		err = file.openTemp()
	default:
		err = file.openRows()
	}
	if err != nil {
		return nil, err
	}
	file.Writer = kind.open(rowFile{file, o.rowEnd(format)}, o)
	return file, nil
}

var errFolder = errors.New("not the name of a file")

// openTemp opens a new file beside the target, whose mode it takes over when
// there is one already.
func (f *File) openTemp() (err error) {
	f.f, f.dest, err = createTemp(f.path)
	if err == nil {
		f.temp = f.f.Name()
	}
	return err
}

// openRows opens the target itself, which is to be emptied, and takes care that
// nobody else writes it.
func (f *File) openRows() (err error) {
	f.created = missing(f.path)
	if f.f, err = os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE, 0o666); err != nil {
		return err
	}
	info, err := f.f.Stat()
	if err == nil && info.Mode().IsRegular() {
		f.prepare = func() error { return f.f.Truncate(0) }
		// Where there are no locks there is nobody to be kept out by one.
		if e := lockReport(f.f, f.path); errors.Is(e, ErrLocked) {
			err = e
		}
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

// Begin makes the file ready for the first row: it empties a report that is
// not resumed, and takes out of one that is what does not stay. The first
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
	f.begun = true
	return nil
}

// createTemp creates a file beside path, and returns with it what it is to
// become: path, or where that links to. It takes over the mode of that.
func createTemp(path string) (temp *os.File, dest string, err error) {
	dest = path
	mode := fs.FileMode(0o666)
	info, err := os.Stat(path)
	if err == nil {
		// What the user may not write must not be replaced either.
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
	name := filepath.Join(filepath.Dir(dest), "."+filepath.Base(dest)+"."+rand.Text()[:8]+".tmp")
	temp, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err == nil && info != nil {
		if err = temp.Chmod(mode); err != nil { // what the umask has taken away
			temp.Close()
			os.Remove(name)
		}
	}
	if err != nil {
		return nil, "", &fs.PathError{Op: "create", Path: path, Err: cause(err)}
	}
	return temp, dest, nil
}

// cause returns what is wrong, without the name of a file that the user has
// never heard of.
func cause(err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err
	}
	return err
}

// A rowFile is a file that is written in whole rows, whose errors carry the
// name of the report.
type rowFile struct {
	file *File
	end  byte // of a row
}

// Write writes whole rows. When the disk takes only a part of them, it takes
// back the last row, which is torn.
func (w rowFile) Write(p []byte) (int, error) {
	f := w.file.f
	n, err := f.Write(p)
	if err == nil {
		return n, nil
	}
	torn := int64(n - (bytes.LastIndexByte(p[:n], w.end) + 1))
	if at, e := f.Seek(0, io.SeekCurrent); e == nil && torn > 0 {
		f.Truncate(at - torn) // fails where there is nothing to take back
	}
	return n, &fs.PathError{Op: "write", Path: w.file.path, Err: cause(err)}
}

// Close ends the report of a run that went well: it writes what ends the
// format, waits until the disk has it, and gives the file its name. On an
// error the file is left as by [File.Abort].
func (f *File) Close() error {
	if f.f == nil {
		return &fs.PathError{Op: "close", Path: f.path, Err: fs.ErrClosed}
	}
	err := f.Begin()
	if err == nil {
		err = f.Writer.Close()
	}
	if err == nil {
		err = f.sync()
	}
	if err != nil {
		f.Abort()
		return err
	}
	err = f.f.Close()
	f.f = nil
	if err == nil && f.temp != "" {
		err = os.Rename(f.temp, f.dest)
	}
	if err != nil {
		if f.temp != "" {
			os.Remove(f.temp)
		}
		return &fs.PathError{Op: "close", Path: f.path, Err: cause(err)}
	}
	return nil
}

// sync has the disk confirm a regular file, because some report that they are
// full only then.
func (f *File) sync() error {
	info, err := f.f.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = f.f.Sync()
	}
	if err != nil {
		err = &fs.PathError{Op: "write", Path: f.path, Err: cause(err)}
	}
	return err
}

// Abort ends the report of a run that failed. A row format keeps the rows that
// it has; of the others nothing is left, and what was there before stays. A
// report that was not begun is left as it was found. After Close it does nothing.
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
		if e := os.Remove(name); err == nil {
			err = e
		}
	}
	if err != nil {
		err = &fs.PathError{Op: "close", Path: f.path, Err: cause(err)}
	}
	return err
}

// Write writes rows through to the file. The error is an [*fs.PathError].
func (f *File) Write(rows []probe.Result) error {
	if f.f == nil {
		return &fs.PathError{Op: "write", Path: f.path, Err: fs.ErrClosed}
	}
	if err := f.Begin(); err != nil {
		return err
	}
	return f.Writer.Write(rows)
}
