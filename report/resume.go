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

	"domprobe/internal/tempfile"
	"domprobe/probe"
)

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

// CheckResume returns a [*ResumeError] for a format that [Resume] does not know,
// without reading the file.
func CheckResume(path, format string) error {
	if kind, err := lookup(format); err != nil || kind.read == nil || kind.whole {
		return &ResumeError{path, format, errors.New("only csv, tsv and jsonl reports can be resumed")}
	}
	return nil
}

// Resume opens a report in csv, tsv or jsonl to go on where an earlier run was
// cut off, and returns the names that need not be probed again. A file that does
// not exist, or is empty, is one without rows.
//
// A torn last line is cut off. Three kinds of rows are removed: those of unknown
// names, those whose reason contradicts their verdict, and all but the first row
// of a name under the same TLD. So the finished report has one row for each name
// when the caller writes a row for every name that is not in Settled. The header
// and the other rows stay as they are, and new rows have the columns of the
// header.
//
// The file is read here, and only [File.Begin] changes it: it is rewritten
// beside itself and renamed where a row has to be removed. An error about its
// contents is a [*ResumeError]; [ErrLocked] means that some other File is open
// on it.
func Resume(path, format string, o Options) (*File, *Settled, error) {
	kind, err := lookup(format)
	if err == nil {
		err = errors.Join(CheckResume(path, format), o.check())
	}
	if err != nil {
		return nil, nil, err
	}
	file := &File{path: path, created: missing(path), regular: true}
	if file.f, err = openResumed(path, format); err != nil {
		return nil, nil, err
	}
	old, err := readResumed(file.f, path, format, &o)
	if err != nil {
		file.Abort()
		return nil, nil, err
	}
	file.prepare = func() error { return file.restore(old) }
	file.Writer = kind.open(rowFile{file, o.rowEnd(format)}, o)
	if old.end > 0 {
		file.Writer.(*rowWriter).continued(old.header)
	}
	return file, old.settled, nil
}

// openResumed opens and locks a report.
func openResumed(path, format string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &ResumeError{path, format, errors.New("not a regular file")}
	}
	tempfile.RemoveStale(path)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|tempfile.Appending, 0o666)
	if err != nil {
		return nil, err
	}
	if err := tempfile.Lock(f, path); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// A resumed is a report that is resumed.
type resumed struct {
	format  string
	options *Options
	settled *Settled
	extra   bool     // there are rows to be removed
	header  []*field // of csv and tsv
	end     int64    // of the last whole line
}

// readResumed reads a report and changes nothing in it.
func readResumed(f *os.File, path, format string, o *Options) (*resumed, error) {
	lines, err := countLines(f)
	if err != nil {
		return nil, err
	}
	old := &resumed{format: format, options: o, settled: newSettled(lines)}
	err = old.scan(f, func(_ []byte, r *probe.Result) {
		switch {
		case r == nil: // the header
		case unfinished(r):
			old.extra = true
		default:
			old.settled.add(r)
		}
	})
	var pe *fs.PathError
	switch {
	case errors.As(err, &pe):
		return nil, err
	case err != nil:
		return nil, &ResumeError{path, format, err}
	}
	old.extra = old.settled.sort() > 0 || old.extra
	return old, nil
}

// restore makes the file a report of whole, settled rows, one for each name.
func (f *File) restore(old *resumed) (err error) {
	if old.extra {
		f.f, err = old.rewrite(f.f, f.path)
	} else {
		err = f.f.Truncate(old.end)
	}
	if err == nil {
		f.size, err = f.f.Seek(0, io.SeekEnd)
	}
	return err
}

// unfinished reports whether a name has to be asked about again: there is no
// answer, the run was interrupted before the registry was asked, or the reason
// of a row belongs to another verdict.
func unfinished(r *probe.Result) bool {
	doc := known[r.Reason]
	return r.Verdict == probe.Unknown || r.Reason == probe.RDAPCanceled || doc != nil && doc.Verdict != r.Verdict
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
func (old *resumed) rewrite(f *os.File, path string) (*os.File, error) {
	temp, dest, err := tempfile.Create(path)
	if err != nil {
		return f, err
	}
	out := bufio.NewWriterSize(temp, bufferSize)
	settled := old.settled
	written := make([]bool, settled.Len())
	settled.counts, settled.confirmed = [4]int{}, 0 // repeated names are counted in them
	err = old.scan(f, func(line []byte, r *probe.Result) {
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
		err = tempfile.Sync(temp)
	}
	if err == nil {
		f, err = tempfile.Replace(f, temp, dest)
	}
	if err != nil {
		tempfile.Discard(temp)
		err = &fs.PathError{Op: "rewrite", Path: path, Err: tempfile.Cause(err)}
	}
	return f, err
}

var errNotReport = errors.New("not a report of this format and with these columns")

// scan calls each with every whole row of a report, as it stands and as it
// reads, and with the header, which reads as nil. A last line without an end is
// no row, and an error only where it cannot be the start of a report.
func (old *resumed) scan(f *os.File, each func(raw []byte, r *probe.Result)) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	old.end = 0
	next, raw, lines := old.reader(f)
	for {
		r, err := next()
		if err == io.EOF {
			return nil
		}
		// Quotes over several lines do not make a damaged row a torn one.
		if line := bytes.TrimLeft(*raw, "\r\n"); len(line) > 0 && bytes.IndexByte(line, '\n') < 0 {
			if old.end == 0 && !old.couldStart(string(line)) {
				return &RowError{1, errNotReport}
			}
			return nil
		}
		if err != nil {
			return err
		}
		each(*raw, r)
		old.end = lines.read
	}
}

// reader returns a function that reads a row, and nil for the header, with the
// bytes of the row and the lines that it is read from.
func (old *resumed) reader(f *os.File) (next func() (*probe.Result, error), raw *[]byte, l *lines) {
	if old.format == "jsonl" {
		o := newObjectLines(f)
		return func() (*probe.Result, error) {
			r, err := o.next()
			return &r, err
		}, &o.raw, o.lines
	}
	comma := byte(',')
	if old.format == "tsv" {
		comma = '\t'
	}
	t := newCSVTable(f, comma)
	return func() (*probe.Result, error) {
		if t.fields == nil {
			err := t.header()
			if old.header = t.fields; err == nil && !t.continues(old.options.fields()) {
				err = &RowError{t.line, errNotReport}
			}
			return nil, err
		}
		r, err := t.next()
		return &r, err
	}, &t.raw, t.lines
}

// couldStart reports whether a report that was cut off in its first line can
// look like this.
func (old *resumed) couldStart(torn string) bool {
	start := `{"v":`
	switch old.format {
	case "csv":
		start = string(newCSV(*old.options).begin(nil))
	case "tsv":
		start = string(newTSV(*old.options).begin(nil))
	}
	start = strings.TrimSuffix(start, "\n")
	n := min(len(start), len(torn))
	return start[:n] == torn[:n]
}
