//go:build race

package probe_test

// raceEnabled tells that the race detector makes everything slow.
const raceEnabled = true
