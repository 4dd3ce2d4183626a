package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"domprobe/probe"
)

// ErrLocked is the error of a report that is being written already.
var ErrLocked = errors.New("another process is writing this report")

// A ResumeError says why a file cannot be resumed as a report of a format.
// Nothing in the file has been changed.
type ResumeError struct {
	Path, Format string
	Err          error // often a [*RowError]
}

func (e *ResumeError) Error() string {
	return fmt.Sprintf("cannot resume %s as %s: %v", e.Path, e.Format, e.Err)
}

func (e *ResumeError) Unwrap() error { return e.Err }

// CheckResume returns a [*ResumeError] for a format that [Resume] cannot go on
// with, without a look at the file.
func CheckResume(path, format string) error {
	if format != "csv" && format != "jsonl" {
		return &ResumeError{path, format, errors.New("only csv and jsonl reports can be resumed")}
	}
	return nil
}

// Resume opens a report in csv or jsonl to go on where an earlier run was cut
// off, and returns the names that need not be probed again. A file that does
// not exist, or is empty, is one without rows.
//
// A torn last line is cut off. Rows of names that are unknown, and all but the
// first of a name's under the same TLD, are taken out, so that the finished
// report has one row for each: the caller is to write a row for every name that
// is not in Settled.
// The header and the rows of a newer version stay as they are; new rows leave
// columns that this version does not know empty.
//
// The file is read here, and only [File.Begin] changes it: it is rewritten
// beside itself and renamed where a row has to be taken out. An error about what
// is in it is a [*ResumeError]; [ErrLocked] means that some other File is open
// on it.
func Resume(path, format string, o Options) (*File, *Settled, error) {
	kind, err := lookup(format)
	if err == nil {
		err = CheckResume(path, format)
	}
	if err != nil {
		return nil, nil, err
	}
	file := &File{path: path, created: missing(path)}
	if file.f, err = openResumed(path, format); err != nil {
		return nil, nil, err
	}
	old, err := readResumed(file.f, path, format)
	if err != nil {
		file.Abort()
		return nil, nil, err
	}
	file.prepare = func() error { return file.restore(old, format) }
	file.Writer = kind.open(rowFile{file, o.rowEnd(format)}, o)
	if old.table != nil {
		file.Writer.(*rowWriter).continued(len(old.table.columns) - len(fieldNames))
	}
	return file, old.settled, nil
}

// openResumed opens and locks a report.
func openResumed(path, format string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &ResumeError{path, format, errors.New("not a regular file")}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := lockReport(f, path); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lockReport takes the lock of a report, and makes sure that it is still the
// one of that name: the holder of the lock may just have replaced it.
func lockReport(f *os.File, path string) error {
	err := lock(f)
	if err == nil {
		mine, e1 := f.Stat()
		its, e2 := os.Stat(path)
		if err = errors.Join(e1, e2); err == nil && !os.SameFile(mine, its) {
			err = ErrLocked
		}
	}
	if err != nil {
		return &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	return nil
}

// A resumed is what a report has that is to be gone on with.
type resumed struct {
	*scan
	settled *Settled
	extra   bool // there are rows to be taken out
}

// readResumed reads a report and changes nothing in it.
func readResumed(f *os.File, path, format string) (*resumed, error) {
	lines, err := countLines(f)
	if err != nil {
		return nil, err
	}
	settled := newSettled(lines)
	unknown := 0
	old, err := scanReport(f, format, func(_ []byte, r *probe.Result) {
		switch {
		case r == nil: // the header
		case unfinished(r):
			unknown++
		default:
			settled.add(r)
		}
	})
	var pe *fs.PathError
	switch {
	case errors.As(err, &pe):
		return nil, err
	case err != nil:
		return nil, &ResumeError{path, format, err}
	}
	repeated := settled.sort()
	return &resumed{old, settled, repeated > 0 || unknown > 0}, nil
}

// restore makes the file a report of whole, settled rows, one per name.
func (f *File) restore(old *resumed, format string) (err error) {
	if old.extra {
		f.f, err = rewrite(f.f, f.path, format, old.settled)
	} else {
		err = f.f.Truncate(old.end)
	}
	if err == nil {
		_, err = f.f.Seek(0, io.SeekEnd)
	}
	return err
}

// unfinished reports whether a row leaves something to be asked again: the name
// itself, or the registry about it, because the run was interrupted.
func unfinished(r *probe.Result) bool {
	return r.Verdict == probe.Unknown || r.Reason == probe.RDAPCanceled
}

// countLines counts the lines that have an end.
func countLines(f *os.File) (n int, err error) {
	buf := make([]byte, bufferSize)
	for {
		size, err := f.Read(buf)
		n += bytes.Count(buf[:size], []byte("\n"))
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// rewrite replaces the file by one that has its header and the first row of
// every settled name.
func rewrite(f *os.File, path, format string, settled *Settled) (*os.File, error) {
	temp, dest, err := createTemp(path)
	if err != nil {
		return f, err
	}
	out := bufio.NewWriterSize(temp, bufferSize)
	written := make([]bool, settled.Len())
	settled.counts, settled.confirmed = [4]int{}, 0 // which repeated names have their part in
	_, err = scanReport(f, format, func(line []byte, r *probe.Result) {
		if r != nil {
			i, found := settled.find(r.Name, r.TLD)
			if !found || unfinished(r) || written[i] {
				return
			}
			written[i] = true
			settled.count(r)
		}
		out.Write(line)
	})
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = temp.Sync()
	}
	if err == nil {
		f, err = replace(f, temp, dest)
	} else {
		temp.Close()
	}
	if err != nil {
		os.Remove(temp.Name())
		err = &fs.PathError{Op: "rewrite", Path: path, Err: cause(err)}
	}
	return f, err
}

// A scan is what a report that is resumed has besides rows.
type scan struct {
	format string
	table  *table // of CSV, once the header has been read
	end    int64  // of the last whole line
}

// scanReport calls each with every whole row of a report, as it stands and as
// it reads, and with the header, which reads as nil. A last line without an
// end is none, and an error only where it cannot be the start of a report.
func scanReport(f *os.File, format string, each func(line []byte, r *probe.Result)) (*scan, error) {
	s := &scan{format: format}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return s, err
	}
	l := newLines(f)
	var line []byte
	for {
		raw, err := l.next()
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return s, err
		}
		line = append(line[:0], raw...) // because reading a row overwrites it
		if line[len(line)-1] != '\n' {
			if s.end == 0 && !s.couldStart(string(line)) {
				return s, &RowError{l.n, errNotReport}
			}
			return s, nil
		}
		if raw = chomp(raw); len(raw) > 0 {
			r, err := s.row(raw)
			if err != nil {
				return s, &RowError{l.n, err}
			}
			each(line, r)
		}
		s.end += int64(len(line))
	}
}

var errNotReport = errors.New("not a report of this format")

// row reads a line, and returns nil for the header.
func (s *scan) row(line []byte) (*probe.Result, error) {
	var r probe.Result
	var err error
	switch {
	case s.format == "jsonl":
		r, err = objectResult(line)
	case s.table != nil:
		r, err = s.table.result(line)
	default:
		s.table, err = newTable(line)
		if err == nil && !s.table.extends() {
			err = errNotReport
		}
		return nil, err
	}
	return &r, err
}

// couldStart reports whether a report that was cut off in its first line can
// look like this.
func (s *scan) couldStart(torn string) bool {
	start := `{"v":`
	if s.format == "csv" {
		start = strings.TrimSuffix(csvHeader, "\n")
	}
	n := min(len(start), len(torn))
	return start[:n] == torn[:n]
}
