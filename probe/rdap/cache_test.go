package rdap

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bigValue is a value of which a part is not another value.
func bigValue(i int) []string {
	return []string{fmt.Sprint(i), strings.Repeat(fmt.Sprint(i), 50000), fmt.Sprint(i)}
}

func TestCache(t *testing.T) {
	dir := cache(filepath.Join(t.TempDir(), "new", "directory"))
	var got []string
	if err := dir.load("file", &got); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("loading what was never stored: %v", err)
	}
	for i := range 3 {
		if err := dir.store("file", bigValue(i)); err != nil {
			t.Fatal(err)
		}
		if err := dir.load("file", &got); err != nil || got[2] != fmt.Sprint(i) {
			t.Errorf("loaded %.20q, %v; want %d", got, err, i)
		}
	}
	files, err := os.ReadDir(string(dir))
	if err != nil || len(files) != 1 {
		t.Errorf("directory holds %v, %v; want one file", files, err)
	}
	if err := cache("").store("file", 1); !errors.Is(err, errNoCache) {
		t.Errorf("storing nowhere: %v", err)
	}
	if err := cache("").load("file", &got); !errors.Is(err, errNoCache) {
		t.Errorf("loading from nowhere: %v", err)
	}
}

// Whatever is left of a file, what is loaded was stored.
func TestCacheDamaged(t *testing.T) {
	dir := cache(t.TempDir())
	if err := dir.store("file", bigValue(7)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(string(dir), "file")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damage := func(what string, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := dir.load("file", &got); err == nil {
			t.Errorf("%s: loaded", what)
		}
	}
	for range 50 {
		n := rand.IntN(len(whole))
		damage(fmt.Sprintf("cut after %d bytes", n), whole[:n])
		flipped := append([]byte(nil), whole...)
		flipped[n] ^= 1 << rand.IntN(8)
		damage(fmt.Sprintf("bit of byte %d flipped", n), flipped)
	}
	damage("too large", make([]byte, maxFile+1))
	damage("empty", nil)
}

// A run that is killed while it writes leaves a file that can be read.
func TestCacheAfterKill(t *testing.T) {
	dir := cache(t.TempDir())
	for range 8 {
		cmd := helper(t, "store", nil, string(dir))
		stored, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// It goes on storing meanwhile, so that the kill comes at any point.
		_, err = io.CopyN(io.Discard, stored, 1+rand.Int64N(20))
		if err := errors.Join(err, cmd.Process.Kill()); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		var got []string
		if err := dir.load("file", &got); err != nil || len(got) != 3 || got[0] != got[2] {
			t.Fatalf("after a kill: %.20q, %v", got, err)
		}
	}
}
