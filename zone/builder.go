package zone

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"domprobe/candidate"
	"domprobe/internal/tempfile"
	"domprobe/internal/text"
)

// Options are the settings of a [Builder].
type Options struct {
	// Origin is the origin of the zone. Empty means that of the input: the
	// owner of its SOA record, or else the first $ORIGIN, or the TLD of the
	// first name of a list.
	Origin string

	// Date is the date of the data. Zero means the one in the serial of the
	// SOA record, or else that of the oldest file.
	Date time.Time
}

// A Builder builds one index out of any number of files.
type Builder struct {
	temp   *os.File // becomes the index; nil after the end
	dest   string   // its name then
	opts   Options
	info   Info
	oldest time.Time // when the oldest file was written last
	sorter *sorter
	names  atomic.Int64
}

// Create returns a Builder of the index at a path, where nothing changes before
// [Builder.Commit]. Temporary files are beside it. An error about the origin is an
// [*OriginError].
func Create(path string, opts Options) (*Builder, error) {
	origin, err := parseOrigin(opts.Origin)
	if err != nil {
		return nil, err
	}
	temp, dest, err := tempfile.Create(path)
	if err != nil {
		return nil, err
	}
	return &Builder{temp: temp, dest: dest, opts: opts, info: Info{Origin: origin}, sorter: newSorter(filepath.Dir(dest))}, nil
}

// parseOrigin returns an origin in A-label form, as names below it are compared.
func parseOrigin(typed string) (string, error) {
	if typed == "" {
		return "", nil
	}
	below := candidate.Parse("a." + typed)
	if err := below.Err; err != nil && (err.Reason == candidate.BadLabel || err.Reason == candidate.TooLong) {
		return "", &OriginError{typed}
	}
	return strings.TrimPrefix(below.Name, "a."), nil
}

// An OriginError is an origin of which there can be no index.
type OriginError struct{ Origin string }

func (e *OriginError) Error() string {
	return fmt.Sprintf("%q is not the origin of a zone with registered names", e.Origin)
}

// setOrigin takes the origin that the input names.
func (b *Builder) setOrigin(origin string) error {
	b.info.Origin = cmp.Or(b.info.Origin, origin)
	if origin != b.info.Origin {
		return fmt.Errorf("%s is another zone than %s", cmp.Or(origin, "."), b.info.Origin)
	}
	if origin == "" {
		return errors.New("the root zone has no registered names")
	}
	return nil
}

// Read reads a master file or a list of names, which may be compressed by gzip.
// After an error, which is a [*LineError] if a line is wrong, the Builder is only
// to be closed. changed is when the file was written last, and zero if unknown.
func (b *Builder) Read(r io.Reader, name string, changed time.Time) error {
	if b.temp == nil {
		return errClosed
	}
	in := bufio.NewReaderSize(r, 1<<16)
	if start, _ := in.Peek(2); string(start) == "\x1f\x8b" {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		in = bufio.NewReaderSize(unzipped, 1<<16)
	}
	if start, _ := in.Peek(len(text.ByteOrderMark)); string(start) == text.ByteOrderMark {
		_, _ = in.Discard(len(text.ByteOrderMark)) // which are in the buffer
	}
	if !changed.IsZero() && (b.oldest.IsZero() || changed.Before(b.oldest)) {
		b.oldest = changed
	}
	l := &lines{in: in, file: name}
	read := b.readMaster
	if isList(in) {
		read = b.readList
	}
	err := read(l)
	var line *LineError
	if err != nil && !errors.As(err, &line) {
		err = fmt.Errorf("%s, after line %d: %w", name, l.number, err)
	}
	return err
}

var errClosed = errors.New("the builder of the index is closed")

// Names returns how many names have been read, repeats included. It may be called
// at any time.
func (b *Builder) Names() int64 { return b.names.Load() }

func (b *Builder) add(label []byte) error {
	b.names.Add(1)
	return b.sorter.add(label)
}

// Commit writes the index and puts it in its place, and closes the Builder. If ctx
// ends before, the index is as it was.
func (b *Builder) Commit(ctx context.Context) (Info, error) {
	defer b.Close()
	switch {
	case b.temp == nil:
		return Info{}, errClosed
	case b.Names() == 0:
		return Info{}, errors.New("the input has no registered names")
	}
	info, err := b.write(ctx)
	if err == nil {
		err = tempfile.Sync(b.temp)
	}
	if err == nil {
		err = tempfile.Publish(b.temp, b.dest)
	}
	if err != nil {
		return Info{}, fmt.Errorf("write %s: %w", b.dest, tempfile.Cause(err))
	}
	b.temp.Close() // it is on disk
	b.temp = nil
	return info, nil
}

func (b *Builder) date() time.Time {
	if !b.opts.Date.IsZero() {
		return b.opts.Date
	}
	now := time.Now()
	if date, ok := dateOf(b.info.Serial, now); ok {
		return date
	}
	if !b.oldest.IsZero() {
		now = b.oldest
	}
	return now.UTC().Truncate(time.Second)
}

// write writes the index to the temporary file.
func (b *Builder) write(ctx context.Context) (Info, error) {
	info := b.info
	info.Date = b.date()
	w := newWriter(ctx, b.temp)
	if _, err := w.out.WriteString(magic); err != nil {
		return Info{}, err
	}
	if err := b.sorter.writeTo(w); err != nil {
		return Info{}, err
	}
	return w.end(info)
}

// Close removes what the Builder has on disk, except for a committed index. It may
// be called again.
func (b *Builder) Close() {
	b.sorter.close()
	if b.temp != nil {
		tempfile.Discard(b.temp)
		b.temp = nil
	}
}
