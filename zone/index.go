package zone

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"runtime"
	"sort"
	"strings"
	"time"

	"github.com/edsrzf/mmap-go"
	"golang.org/x/sync/errgroup"
)

// An Index is an index file, mapped into memory. It is safe for concurrent use.
type Index struct {
	trailer
	file    mmap.MMap
	data    []byte // the blocks
	keys    []byte
	offsets []byte
}

// Open opens an index and compares all of it with its checksums.
func Open(path string) (*Index, error) {
	x, err := open(path)
	if err != nil && !errors.As(err, new(*fs.PathError)) {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return x, err
}

func open(path string) (*Index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the mapping stays
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() < int64(len(magic)) {
		return nil, errNoIndex
	}
	if info.Size() > int64(^uint(0)>>1) {
		return nil, errors.New("the index is larger than this machine's memory can be")
	}
	file, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("map the index into memory: %w", err)
	}
	x, err := newIndex(file)
	if err != nil {
		return nil, errors.Join(err, file.Unmap())
	}
	x.file = file
	return x, nil
}

// newIndex checks the octets of an index file.
func newIndex(file []byte) (*Index, error) {
	t, err := parseTrailer(file)
	if err != nil {
		return nil, err
	}
	body, rest := file[len(magic):][:t.checked()], file[int64(len(magic))+t.checked():]
	sums := rest[:len(rest)-trailerSize]
	if checksum(sums) != t.sum {
		return nil, fmt.Errorf("%w: its list of checksums is not what its checksum says", errDamaged)
	}
	if err := verify(body, sums); err != nil {
		return nil, err
	}
	return &Index{trailer: t, data: body[:t.size], keys: body[t.size:][:8*t.blocks], offsets: body[t.size+8*t.blocks:]}, nil
}

// verify compares the pieces of an index with their checksums, on all processors.
func verify(body, sums []byte) error {
	var group errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() error {
			for i := w; 4*i < len(sums); i += workers {
				piece := body[i*pieceSize : min((i+1)*pieceSize, len(body))]
				if checksum(piece) != binary.BigEndian.Uint32(sums[4*i:]) {
					return fmt.Errorf("%w: the octets after %d are not what their checksum says", errDamaged, len(magic)+i*pieceSize)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// Close gives the memory back. Nothing may be looked up after it.
func (x *Index) Close() error { return x.file.Unmap() }

// Info describes the index.
func (x *Index) Info() Info { return x.trailer.Info }

// Origin returns the origin of the zone, in lower case and without a final dot.
func (x *Index) Origin() string { return x.trailer.Origin }

// Date returns the date of the data.
func (x *Index) Date() time.Time { return x.trailer.Date }

// Has reports whether the name with a label, in lower case, is registered.
func (x *Index) Has(label string) bool {
	i := x.blockOf(label)
	return i >= 0 && search(x.block(i), label)
}

func (x *Index) key(i int) uint64 { return binary.BigEndian.Uint64(x.keys[8*i:]) }

// blockOf returns the number of the last block that does not begin after a name,
// and -1 if there is none.
func (x *Index) blockOf(name string) int {
	key := keyOf(name)
	low, high := 0, len(x.keys)/8 // the first block with a greater key is in between
	for low < high {
		if middle := int(uint(low+high) >> 1); x.key(middle) <= key {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 || x.key(low-1) < key {
		return low - 1
	}
	first := sort.Search(low, func(i int) bool { return x.key(i) == key })
	return first - 1 + sort.Search(low-first, func(i int) bool {
		head, _, _ := cutHead(x.block(first + i))
		return string(head) > name
	})
}

// block returns the octets of a block, and nothing if there are none.
func (x *Index) block(i int) []byte {
	begin, end := x.offset(i), uint64(len(x.data))
	if 8*(i+1) < len(x.offsets) {
		end = x.offset(i + 1)
	}
	if begin > end || end > uint64(len(x.data)) {
		return nil
	}
	return x.data[begin:end]
}

func (x *Index) offset(i int) uint64 { return binary.BigEndian.Uint64(x.offsets[8*i:]) }

// Names yields all names in order, as they stand in a zone file but for the final
// dot. A name is valid until the next one. The error is of an index that was not
// written by this package.
func (x *Index) Names() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var name []byte
		c, n := x.cursor(), int64(0)
		for ; c.next(); n++ {
			name = append(append(appendLabel(name[:0], c.name), '.'), x.trailer.Origin...)
			if !yield(name, nil) {
				return
			}
		}
		if c.err == nil && n != x.trailer.Names {
			c.err = errNames
		}
		if c.err != nil {
			yield(nil, c.err)
		}
	}
}

// appendLabel appends a label with the escapes of RFC 1035 section 5.1.
func appendLabel(b, label []byte) []byte {
	for _, c := range label {
		switch {
		case c <= ' ' || c > '~':
			b = append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		case strings.IndexByte(`.;()@"\$`, c) >= 0:
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return b
}

func (x *Index) cursor() *cursor {
	i := 0
	return &cursor{blocks: func() ([]byte, error) {
		if 8*i >= len(x.offsets) {
			return nil, io.EOF
		}
		i++
		return x.block(i - 1), nil
	}}
}
