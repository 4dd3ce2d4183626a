package candidate

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
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

var tldSet = sync.OnceValue(func() map[string]bool {
	set := make(map[string]bool)
	for _, tld := range tldList() {
		set[tld] = true
	}
	return set
})

// TLDs returns the delegated top-level domains in their A-label form, sorted.
// The list is embedded in the program; tlds.txt says of what day it is, and
// how to renew it. Whether a TLD exists is for the network to say: the list
// serves to choose TLDs and to suggest them.
func TLDs() []string { return slices.Clone(tldList()) }

// IsTLD reports whether the list of [TLDs] has tld, which may be in any case,
// start with a dot, and be an A-label or a U-label.
func IsTLD(tld string) bool {
	if tldSet()[tld] {
		return true
	}
	t, err := parseTLD(tld)
	return err == nil && tldSet()[t.name]
}

// byRegistrations has the TLDs that most names are registered under or that
// most people mean, first the ones that a slip of the pen most likely misses.
var byRegistrations = strings.Fields(`
	com net org io dev co ai app de uk cn nl ru br fr eu it au info xyz
	in ca pl us ch es jp be se me cz at top shop online tech store site club
	biz kr dk no fi nz ir ua mx gr hu ro pt tv cc tr za vn sk il ar`)

// Closest returns the delegated TLD that is one slip away from tld: a letter
// too many, too few, or wrong, or two neighbours exchanged. Of several it is
// the most popular one, then the shortest, then the first by the alphabet. Of
// a TLD of several labels the last one is put right. Closest returns an empty
// string if tld is delegated, and if nothing is that close.
func Closest(tld string) string {
	name, _, err := normalize(trimDot(strings.TrimPrefix(tld, ".")))
	if err != nil {
		return ""
	}
	cut := strings.LastIndexByte(name, '.') + 1
	above, last := name[:cut], name[cut:]
	if tldSet()[last] {
		return ""
	}
	var near []string
	for _, candidate := range tldList() {
		if oneSlip(last, candidate) {
			near = append(near, candidate)
		}
	}
	if len(near) == 0 {
		return ""
	}
	for _, candidate := range byRegistrations {
		if slices.Contains(near, candidate) {
			return above + candidate
		}
	}
	return above + slices.MinFunc(near, func(a, b string) int { return len(a) - len(b) })
}

// oneSlip reports whether a and b differ, and by one slip only.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 1: // a letter more
		return a[i:] == b[i+1:]
	case 0:
		if i == len(a) {
			return false
		}
		return a[i+1:] == b[i+1:] ||
			i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	}
	return false
}
