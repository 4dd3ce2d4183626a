package candidate

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"domprobe/internal/text"
)

//go:embed tlds.txt
var tldText string

var tldList = sync.OnceValue(func() []string {
	var list []string
	for line := range strings.Lines(tldText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			list = append(list, line)
		}
	}
	return list
})

// delegated reports whether the list has a TLD in A-label form.
func delegated(tld string) bool {
	_, found := slices.BinarySearch(tldList(), tld)
	return found
}

// TLDs returns the delegated top-level domains in A-label form, sorted. The list
// is embedded and can be out of date: tlds.txt has its date. It serves to choose
// and to suggest TLDs, not to decide whether a TLD exists.
func TLDs() []string { return slices.Clone(tldList()) }

// IsTLD reports whether [TLDs] has tld, which may have any case, a leading dot, and
// A-label or U-label form.
func IsTLD(tld string) bool {
	if delegated(tld) {
		return true
	}
	t, err := parseTLD(tld)
	return err == nil && delegated(t.name)
}

// byRegistrations has the most popular TLDs, the most likely ones first.
const byRegistrations = `
	com net org io dev co ai app de uk cn nl ru br fr eu it au info xyz
	in ca pl us ch es jp be se me cz at top shop online tech store site club
	biz kr dk no fi nz ir ua mx gr hu ro pt tv cc tr za vn sk il ar`

// Closest returns the delegated TLD that differs from tld by one slip: a letter
// too many, too few, or wrong, or two neighbours exchanged. Of several TLDs it
// returns the most popular one, then the shortest, then the first in alphabetical
// order. It corrects the last label of a TLD of several labels. If tld is delegated
// or no TLD is close, Closest returns an empty string.
func Closest(tld string) string {
	name, _, err := normalize(trimDot(strings.TrimPrefix(tld, ".")))
	if err != nil {
		return ""
	}
	cut := strings.LastIndexByte(name, '.') + 1
	above, last := name[:cut], name[cut:]
	if delegated(last) {
		return ""
	}
	var near []string
	for _, candidate := range tldList() {
		if text.Slips(last, candidate) == 1 {
			near = append(near, candidate)
		}
	}
	if len(near) == 0 {
		return ""
	}
	for candidate := range strings.FieldsSeq(byRegistrations) {
		if slices.Contains(near, candidate) {
			return above + candidate
		}
	}
	return above + slices.MinFunc(near, func(a, b string) int { return len(a) - len(b) })
}
