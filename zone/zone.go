// Package zone turns the zone file of a registry into an index of the registered
// names, and looks names up in it, a million a second and more, without a query.
//
//	b, err := zone.Create("com.zone", zone.Options{})
//	...
//	err = b.Read(f, "com.txt.gz", changed) // any number of files
//	info, err := b.Commit(ctx)
//
//	x, err := zone.Open("com.zone")
//	...
//	x.Has("example")
//
// A name is registered if it lies one label below the origin of the zone and owns
// an NS record. [Builder.Read] takes master files (RFC 1035 section 5) and plain
// lists of names. Input comes in any order and may be larger than memory.
//
// The index holds the names themselves, so that it is exact, takes 5 to 8 octets
// a name, and gives them out again in order: [Index.Names]. It is mapped into
// memory, and [Open] compares all of it with its checksums.
//
// # Inside
//
//	builder.go     from files to an index; lines.go: their lines
//	master.go      the reader of master files; record.go: records that need a whole parser
//	list.go        the reader of lists
//	serial.go      the date of a zone
//	sorter.go      sorted runs on disk, and their merger
//	index.go       look-ups
//	format.go      the parts of an index file; writer.go: how it is written
//	names.go       the code of the names in it
package zone

import "time"

// Info describes an index.
type Info struct {
	Origin string    // of the zone, in lower case and without a final dot
	Names  int64     // registered
	Serial uint32    // of the SOA record; zero if there was none
	Date   time.Time // of the data
}

// maxLabel is the most octets that a label has.
const maxLabel = 63
