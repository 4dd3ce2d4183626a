package zone

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// A writer writes the names of an index in ascending order.
type writer struct {
	ctx     context.Context // ends the writing
	out     *bufio.Writer
	names   int64
	size    int64    // of the blocks
	keys    []uint64 // of the blocks
	offsets []uint64
	last    []byte
	buf     []byte

	sums   []uint32
	sum    uint32 // of the piece under way
	filled int    // octets in it
}

func newWriter(ctx context.Context, w io.Writer) *writer {
	return &writer{ctx: ctx, out: bufio.NewWriterSize(w, 1<<16)}
}

// add appends a name. One that equals the last is left out.
func (w *writer) add(name []byte) error {
	if w.names > 0 && bytes.Equal(name, w.last) {
		return nil
	}
	w.buf = w.buf[:0]
	if w.names%blockNames == 0 {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		w.keys, w.offsets = append(w.keys, keyOf(name)), append(w.offsets, uint64(w.size))
		w.buf = append(append(w.buf, byte(len(name))), name...)
	} else {
		w.buf = appendName(w.buf, name, sharedWith(w.last, name))
	}
	w.names++
	w.size += int64(len(w.buf))
	w.last = append(w.last[:0], name...)
	return w.write(w.buf)
}

// write writes what has checksums.
func (w *writer) write(b []byte) error {
	if _, err := w.out.Write(b); err != nil {
		return err
	}
	for len(b) > 0 {
		n := min(len(b), pieceSize-w.filled)
		w.sum, w.filled = crc32.Update(w.sum, castagnoli(), b[:n]), w.filled+n
		if b = b[n:]; w.filled == pieceSize {
			w.endPiece()
		}
	}
	return nil
}

func (w *writer) endPiece() {
	w.sums = append(w.sums, w.sum)
	w.sum, w.filled = 0, 0
}

// end writes what follows the names, and returns what the trailer says.
func (w *writer) end(info Info) (Info, error) {
	for _, numbers := range [][]uint64{w.keys, w.offsets} {
		for _, n := range numbers {
			w.buf = binary.BigEndian.AppendUint64(w.buf[:0], n)
			if err := w.write(w.buf); err != nil {
				return Info{}, err
			}
		}
	}
	if w.filled > 0 {
		w.endPiece()
	}
	sums := make([]byte, 0, 4*len(w.sums))
	for _, sum := range w.sums {
		sums = binary.BigEndian.AppendUint32(sums, sum)
	}
	info.Names = w.names
	t := trailer{Info: info, blocks: int64(len(w.keys)), size: w.size, sum: checksum(sums)}
	if _, err := w.out.Write(append(sums, t.bytes()...)); err != nil {
		return Info{}, err
	}
	return info, w.out.Flush()
}
