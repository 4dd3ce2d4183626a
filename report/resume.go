package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

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
	kind, err := o.check(format)
	if err == nil {
		err = CheckResume(path, format)
	}
	if err != nil {
		return nil, nil, err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, nil, &ResumeError{path, format, errors.New("not a regular file")}
	}
	file := &File{path: path}
	if err := file.openRows(os.O_RDWR); err != nil {
		return nil, nil, err
	}
	old := &resumed{f: file.f, path: path, read: kind.read, columns: o.fields(), told: o.Resumed}
	w := kind.open(rowFile{file, o.rowEnd(format)}, o).(*rowWriter)
	if err := old.settle(w.enc); err != nil {
		file.Abort()
		if _, ok := errors.AsType[*fs.PathError](err); !ok {
			err = &ResumeError{path, format, err}
		}
		return nil, nil, err
	}
	if old.end > 0 {
		w.begun = true
		if e, ok := w.enc.(*csv); ok {
			e.fields = old.header
			for _, f := range old.columns {
				if !slices.Contains(old.header, f) {
					old.settled.lacks = append(old.settled.lacks, f.name)
				}
			}
		}
	}
	file.Writer = w
	file.prepare = func() (err error) {
		file.f, file.size, err = old.restore()
		return err
	}
	return file, old.settled, nil
}

// A resumed is a report that is resumed.
type resumed struct {
	f       *os.File
	path    string
	read    func(io.Reader) rowReader
	columns []*field // chosen
	told    func(*probe.Result) error
	header  []*field // of csv and tsv
	whole   int64    // bytes in lines that have an end
	end     int64    // of the last row among them
	settled *Settled
	extra   bool // there are rows to be removed
}

var errNotReport = errors.New("not a report of this format and with these columns")

// settle reads a report, which enc began, and changes nothing in it.
func (old *resumed) settle(enc encoder) error {
	lines, err := old.countLines()
	if err != nil {
		return err
	}
	old.settled = newSettled(lines)
	err = old.scan(func(r *probe.Result, _, _ int64) error {
		if unfinished(r) {
			old.extra = true
			return nil
		}
		old.settled.add(r)
		if old.told != nil {
			return old.told(r)
		}
		return nil
	})
	old.extra = old.settled.sort() > 0 || old.extra
	if err == nil && old.end == 0 && !old.couldStart(enc.begin(nil)) {
		err = &RowError{1, errNotReport}
	}
	return err
}

// countLines counts the lines that have an end. A line without one is torn.
func (old *resumed) countLines() (n int, err error) {
	buf := make([]byte, bufferSize)
	for read := int64(0); ; {
		size, err := old.f.Read(buf)
		if lines := bytes.Count(buf[:size], []byte("\n")); lines > 0 {
			n += lines
			old.whole = read + int64(bytes.LastIndexByte(buf[:size], '\n')) + 1
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		read += int64(size)
	}
}

// scan calls each with every row in the lines that have an end, and with the
// bytes where it stands.
func (old *resumed) scan(each func(r *probe.Result, from, to int64) error) error {
	old.end = 0
	rows := old.read(io.NewSectionReader(old.f, 0, old.whole))
	if t, ok := rows.(*csvReader); ok {
		err := t.header()
		if err == nil && !t.continues(old.columns) {
			err = t.rowError(errNotReport)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		old.header, old.end = t.fields, t.offset()
	}
	for {
		r, err := rows.next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = each(&r, old.end, rows.offset())
		}
		if err != nil {
			return err
		}
		old.end = rows.offset()
	}
}

// couldStart reports whether the file, which holds no row, can have been cut off
// in the first line of a report, whose header this is.
func (old *resumed) couldStart(header []byte) bool {
	if header = bytes.TrimSuffix(header, []byte("\n")); len(header) == 0 {
		header = []byte(`{"v":`)
	}
	torn := make([]byte, bufferSize)
	n, _ := old.f.ReadAt(torn, 0) // what cannot be read is not refused
	torn = bytes.TrimLeft(torn[:n], "\r\n")
	return bytes.HasPrefix(torn, header) || bytes.HasPrefix(header, torn)
}

// restore makes the file a report of whole, settled rows, one for each name. It
// returns the file and its size.
func (old *resumed) restore() (f *os.File, size int64, err error) {
	if f = old.f; old.extra {
		f, err = old.rewrite()
	} else {
		err = f.Truncate(old.end)
	}
	if err == nil {
		size, err = f.Seek(0, io.SeekEnd)
	}
	return f, size, err
}

// rewrite replaces the file by one that has its header and the first row of
// every settled name.
func (old *resumed) rewrite() (*os.File, error) {
	temp, dest, err := tempfile.Create(old.path)
	if err != nil {
		return old.f, err
	}
	f := old.f
	if err = old.copyRows(temp); err == nil {
		err = tempfile.Sync(temp)
	}
	if err == nil {
		f, err = tempfile.Replace(f, temp, dest)
	}
	if err != nil {
		tempfile.Discard(temp)
		err = &fs.PathError{Op: "rewrite", Path: old.path, Err: tempfile.Cause(err)}
	}
	return f, err
}

// copyRows writes the rows that stay, and counts them.
func (old *resumed) copyRows(w io.Writer) error {
	out := bufio.NewWriterSize(w, bufferSize)
	kept := int64(0) // from there on
	keep := func(to, next int64) error {
		_, err := out.ReadFrom(io.NewSectionReader(old.f, kept, to-kept))
		kept = next
		return err
	}
	settled := old.settled
	written := make([]bool, settled.Len())
	settled.tally = tally{} // in which repeated names are counted
	err := old.scan(func(r *probe.Result, from, to int64) error {
		i, found := settled.find(r.Name, r.TLD)
		if !found || unfinished(r) || written[i] {
			return keep(from, to)
		}
		written[i] = true
		settled.count(r)
		return nil
	})
	if err == nil {
		err = keep(old.end, old.end)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// unfinished reports whether a name has to be asked about again: there is no
// answer, the run was interrupted before the registry was asked, or the reason
// of a row belongs to another verdict.
func unfinished(r *probe.Result) bool {
	doc := known[r.Reason]
	return r.Verdict == probe.Unknown || r.Reason == probe.RDAPCanceled || doc != nil && doc.Verdict != r.Verdict
}
