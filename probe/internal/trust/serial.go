package trust

import "slices"

// serialGrace is how much older a zone may be, in seconds, where serials are
// seconds since 1970: authoritative servers of one zone are seldom renewed all
// at once.
const serialGrace = 300

// OlderSerial reports whether zone serial a is older than b (RFC 1982 section
// 3.2), by more than servers of one zone usually differ.
func OlderSerial(a, b uint32) bool {
	lag := b - a
	if lag == 0 || lag >= 1<<31 {
		return false
	}
	return !(isTime(a) && isTime(b) && lag <= serialGrace)
}

// isTime reports whether a serial is in the range of seconds since 1970 from
// 2001 to 2052. A serial of the form YYYYMMDDnn is not up to the year 2600.
func isTime(serial uint32) bool { return serial >= 1_000_000_000 && serial < 2_000_000_000 }

// newest returns the serial that a zone is expected to have: the median of
// the serials in the sense of RFC 1982, the newer one of two, so that neither
// one server that lags nor one that makes up a serial decides.
func newest(serials []uint32) uint32 {
	sorted := slices.Clone(serials)
	slices.SortFunc(sorted, func(a, b uint32) int {
		switch {
		case a == b:
			return 0
		case b-a < 1<<31:
			return -1
		}
		return 1
	})
	return sorted[len(sorted)/2]
}
