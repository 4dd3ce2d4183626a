package main

import (
	"bytes"
	"strings"
	"testing"

	"domprobe/candidate"
)

// The text is a zone of registrable names, the same every time, or their list.
func TestWrite(t *testing.T) {
	var zone, list bytes.Buffer
	for range 2 {
		zone.Reset()
		if err := write(&zone, 1000, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(&list, 1000, true); err != nil {
		t.Fatal(err)
	}
	records, ok := strings.CutPrefix(zone.String(), head)
	if !ok {
		t.Fatalf("the zone begins with %.100q", zone.String())
	}
	if records != strings.ReplaceAll(list.String(), "\n", ".\t172800\tin\tns\tns1.example.net.\n") {
		t.Error("the list has other names than the zone")
	}
	n := 0
	for name := range strings.Lines(list.String()) {
		n++
		if c := candidate.Parse(strings.TrimSpace(name)); c.Err != nil || c.TLD != "com" {
			t.Errorf("%q: %v", name, c.Err)
		}
	}
	if n != 1000 {
		t.Errorf("%d names", n)
	}
}
