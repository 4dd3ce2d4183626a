package zone

import (
	"slices"
	"testing"
	"time"
)

// An index of an earlier version is read. The file is never changed.
func TestUpgradeIndex(t *testing.T) {
	x, err := Open("../testdata/upgrade/zone/com.zone")
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	want := Info{Origin: "com", Names: 4, Serial: 1795870327, Date: time.Date(2026, 11, 28, 12, 52, 7, 0, time.UTC)}
	if got := x.Info(); got.Origin != want.Origin || got.Names != want.Names || got.Serial != want.Serial || !got.Date.Equal(want.Date) {
		t.Errorf("the index is %+v, want %+v", got, want)
	}
	var names []string
	for name, err := range x.Names() {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, string(name))
	}
	if !slices.Equal(names, []string{"example.com", "go.com", "xn--bcher-kva.com", "zig.com"}) {
		t.Errorf("the names are %q", names)
	}
	if !x.Has("zig") || x.Has("zag") {
		t.Errorf("zig is there: %v, zag: %v", x.Has("zig"), x.Has("zag"))
	}
}
