package zone

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// An index file begins with 8 octets that say what it is. The blocks of names
// follow; the first 8 octets of the first name of each block, for the search; where
// each block begins; a checksum of each piece of all that; and a trailer of fixed
// size. Numbers are big-endian.
const (
	magic       = "domzone\x01"
	trailerSize = 312
	pieceSize   = 1 << 20
)

// A trailer is the last part of an index file, so that a file that is not complete
// has none. Its last four octets are the checksum of the others.
type trailer struct {
	Info
	blocks int64  // number
	size   int64  // of all blocks
	sum    uint32 // of the checksums
}

// castagnoli returns the table of the checksums, which package crc32 makes with its
// first use.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli()) }

func (t *trailer) bytes() []byte {
	b := make([]byte, 0, trailerSize)
	for _, n := range []int64{t.Names, t.blocks, t.size, t.Date.Unix()} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = binary.BigEndian.AppendUint32(b, t.Serial)
	b = binary.BigEndian.AppendUint32(b, t.sum)
	b = append(append(b, byte(len(t.Origin))), t.Origin...)
	b = b[:trailerSize-4]
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

// The errors of a file that is no index.
var (
	errNoIndex = errors.New("this is no index of a zone; domprobe zone build makes one")
	errDamaged = errors.New("the index is damaged; build it again")
)

// parseTrailer reads the trailer of a file.
func parseTrailer(file []byte) (t trailer, err error) {
	if len(file) < len(magic) || string(file[:len(magic)]) != magic {
		return t, errNoIndex
	}
	if len(file) < len(magic)+trailerSize {
		return t, fmt.Errorf("%w: it is too short", errDamaged)
	}
	b := file[len(file)-trailerSize:]
	if checksum(b[:trailerSize-4]) != binary.BigEndian.Uint32(b[trailerSize-4:]) {
		return t, fmt.Errorf("%w: its end is not what its checksum says, or it is cut off", errDamaged)
	}
	number := func(at int) int64 { return int64(binary.BigEndian.Uint64(b[at:])) }
	t.Names, t.blocks, t.size = number(0), number(8), number(16)
	t.Date = time.Unix(number(24), 0).UTC()
	t.Serial, t.sum = binary.BigEndian.Uint32(b[32:]), binary.BigEndian.Uint32(b[36:])
	t.Origin = string(b[41:][:b[40]])
	if size := t.fileSize(); size < 0 || size != int64(len(file)) {
		return t, fmt.Errorf("%w: it has %d octets, and not %d", errDamaged, len(file), size)
	}
	return t, nil
}

// checked is the size of what has checksums.
func (t *trailer) checked() int64 { return t.size + 16*t.blocks }

func (t *trailer) pieces() int64 { return (t.checked() + pieceSize - 1) / pieceSize }

// fileSize is the size of the file, and -1 if the numbers are out of bounds.
func (t *trailer) fileSize() int64 {
	const most = 1 << 50
	if t.Names < 0 || t.blocks < 0 || t.blocks > most || t.size < 0 || t.size > most || t.blocks != (t.Names+blockNames-1)/blockNames {
		return -1
	}
	return int64(len(magic)) + t.checked() + 4*t.pieces() + trailerSize
}

// keyOf is the first 8 octets of a name, as a number of the same order.
func keyOf[T string | []byte](name T) uint64 {
	var first [8]byte
	copy(first[:], name)
	return binary.BigEndian.Uint64(first[:])
}
