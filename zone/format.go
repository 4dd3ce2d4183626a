package zone

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// An index file has five parts: a header of fixed size; the blocks of names; the
// first 8 octets of the first name of each block, for the search; where each
// block begins; and a checksum of each piece of what lies between the header and
// the checksums. Numbers are big-endian.
const (
	magic      = "domzone\x01"
	headerSize = 320
	pieceSize  = 1 << 20
)

// A header is the first part of an index file. Its last four octets are the
// checksum of the others.
type header struct {
	Info
	blocks int64  // number
	size   int64  // of all blocks
	sum    uint32 // of the checksums
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

func (h *header) bytes() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	for _, n := range []int64{h.Names, h.blocks, h.size, h.Date.Unix()} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = binary.BigEndian.AppendUint32(b, h.Serial)
	b = binary.BigEndian.AppendUint32(b, h.sum)
	b = append(append(b, byte(len(h.Origin))), h.Origin...)
	b = b[:headerSize-4]
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

// The errors of a file that is no index.
var (
	errNoIndex = errors.New("this is no index of a zone; domprobe zone build makes one")
	errDamaged = errors.New("the index is damaged; build it again")
)

// parseHeader reads the header at the front of a file.
func parseHeader(file []byte) (h header, err error) {
	if len(file) < len(magic) || string(file[:len(magic)]) != magic {
		return h, errNoIndex
	}
	if len(file) < headerSize {
		return h, fmt.Errorf("%w: it ends in its header", errDamaged)
	}
	b := file[:headerSize-4]
	if checksum(b) != binary.BigEndian.Uint32(file[headerSize-4:]) {
		return h, fmt.Errorf("%w: its header is not what its checksum says", errDamaged)
	}
	number := func(at int) int64 { return int64(binary.BigEndian.Uint64(b[at:])) }
	h.Names, h.blocks, h.size = number(8), number(16), number(24)
	h.Date = time.Unix(number(32), 0).UTC()
	h.Serial, h.sum = binary.BigEndian.Uint32(b[40:]), binary.BigEndian.Uint32(b[44:])
	h.Origin = string(b[49:][:b[48]])
	if size := h.fileSize(); size < 0 || size != int64(len(file)) {
		return h, fmt.Errorf("%w: it has %d octets, and not %d", errDamaged, len(file), size)
	}
	return h, nil
}

// checked is the size of what has checksums.
func (h *header) checked() int64 { return h.size + 16*h.blocks }

func (h *header) pieces() int64 { return (h.checked() + pieceSize - 1) / pieceSize }

// fileSize is the size of the file, and -1 if the numbers are out of bounds.
func (h *header) fileSize() int64 {
	const most = 1 << 50
	if h.Names < 0 || h.blocks < 0 || h.blocks > most || h.size < 0 || h.size > most || h.blocks != (h.Names+blockNames-1)/blockNames {
		return -1
	}
	return headerSize + h.checked() + 4*h.pieces()
}

// keyOf is the first 8 octets of a name, as a number of the same order.
func keyOf[T string | []byte](name T) (key uint64) {
	for i := range 8 {
		key <<= 8
		if i < len(name) {
			key |= uint64(name[i])
		}
	}
	return key
}
