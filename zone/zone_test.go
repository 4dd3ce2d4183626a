package zone

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"domprobe/internal/tempfile"
)

// build makes an index of texts, with at most so many names in memory at a time.
func build(t testing.TB, inMemory int, opts Options, texts ...string) (*Index, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.zone")
	b, err := Create(path, opts)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	b.sorter.maxNames = inMemory
	for i, text := range texts {
		if err := b.Read(strings.NewReader(text), fmt.Sprintf("file%d", i+1), time.Time{}); err != nil {
			return nil, err
		}
	}
	info, err := b.Commit(t.Context())
	if err != nil {
		return nil, err
	}
	x, err := Open(path)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { x.Close() })
	if x.Info() != info {
		t.Errorf("the index says %v, and its builder %v", x.Info(), info)
	}
	return x, nil
}

func names(t testing.TB, x *Index) (list []string) {
	for name, err := range x.Names() {
		if err != nil {
			t.Error(err)
		}
		list = append(list, string(name))
	}
	return list
}

// labels makes up labels of all kinds.
func labels(n int) map[string]bool {
	r := rand.New(rand.NewPCG(1, 2))
	alphabets := []string{"ab", "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz0123456789-", "\x00.\\_~\xff09az"}
	made := map[string]bool{strings.Repeat("a", 63): true, strings.Repeat("\xff", 63): true, "a": true}
	for len(made) < n {
		alphabet := alphabets[r.IntN(len(alphabets))]
		label := make([]byte, 1+r.IntN(14))
		if r.IntN(50) == 0 {
			label = make([]byte, 1+r.IntN(maxLabel))
		}
		for i := range label {
			label[i] = alphabet[r.IntN(len(alphabet))]
		}
		made[string(label)] = true
	}
	return made
}

// An index has the names that it was built of, and no other, however many of them
// are sorted at a time.
func TestIndex(t *testing.T) {
	made := labels(20_000)
	var text strings.Builder
	text.WriteString("com. 900 IN SOA a. b. 2026010203 1 1 1 1\n")
	for label := range made { // in random order
		fmt.Fprintf(&text, "%s.com. NS ns.example.\n", appendLabel(nil, []byte(label)))
	}
	want := slices.Sorted(maps.Keys(made))
	for _, inMemory := range []int{1_000_000, 20_000, 1000, 300} {
		x, err := build(t, inMemory, Options{}, text.String(), text.String())
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Info(); got != (Info{"com", int64(len(made)), 2026010203, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}) {
			t.Errorf("the index has %v", got)
		}
		for i, name := range names(t, x) {
			if string(appendLabel(nil, []byte(want[i])))+".com" != name {
				t.Fatalf("name %d is %q, want that of %q", i, name, want[i])
			}
		}
		for label := range made {
			for _, other := range []string{label, label + "a", label + "\x00", label[:len(label)-1], label[:len(label)-1] + "n", "a" + label, "\xff" + label} {
				if x.Has(other) != made[other] {
					t.Fatalf("Has(%q) is %v", other, !made[other])
				}
			}
		}
	}
}

func TestSmallest(t *testing.T) {
	x, err := build(t, 10, Options{Origin: "CO.uk.", Date: time.Unix(5, 0).UTC()}, "b\n")
	if err != nil {
		t.Fatal(err)
	}
	if x.Has("a") || !x.Has("b") || x.Has("c") || x.Has("") || x.Origin() != "co.uk" || x.Date().Unix() != 5 {
		t.Errorf("%v", x.Info())
	}
	if _, err := build(t, 10, Options{}, "; nothing\n"); err == nil || err.Error() != "the input has no registered names" {
		t.Errorf("nothing: %v", err)
	}
	for _, origin := range []string{".", "a..b", "a b", "-a", strings.Repeat("x", 64)} {
		if _, err := Create("x", Options{Origin: origin}); !errors.As(err, new(*OriginError)) {
			t.Errorf("the origin %q is taken", origin)
		}
	}
}

// Origins and names are compared in A-label form, in whichever they are given.
func TestUnicodeOrigin(t *testing.T) {
	for _, origin := range []string{"рф", "XN--p1ai"} {
		x, err := build(t, 10, Options{Origin: origin}, "b\nc.рф\nd.xn--p1ai\n")
		if err != nil {
			t.Fatal(err)
		}
		if got := names(t, x); x.Origin() != "xn--p1ai" || !slices.Equal(got, []string{"b.xn--p1ai", "c.xn--p1ai", "d.xn--p1ai"}) {
			t.Errorf("%s: %q under %s", origin, got, x.Origin())
		}
	}
}

// A file with one octet changed, or of another length, is refused.
func TestDamaged(t *testing.T) {
	x, err := build(t, 1000, Options{}, "com. SOA a. b. 1 1 1 1 1\n"+many(3000))
	if err != nil {
		t.Fatal(err)
	}
	file := slices.Clone([]byte(x.file))
	for at := range file {
		file[at] ^= 1 << (at % 8)
		if _, err := newIndex(file); !errors.Is(err, errDamaged) && !errors.Is(err, errNoIndex) {
			t.Fatalf("octet %d of %d changed: %v", at, len(file), err)
		}
		file[at] ^= 1 << (at % 8)
	}
	path := filepath.Join(t.TempDir(), "y.zone")
	for _, size := range []int{0, 1, 7, 8, 100, trailerSize - 1, trailerSize, trailerSize + 8, len(file) / 2, len(file) - 1, len(file) + 1} {
		if err := os.WriteFile(path, append(slices.Clone(file), 0)[:size], 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%d of %d octets: %v", size, len(file), err)
		}
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, errNoIndex) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// many is the NS records of many names of com.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "name%x.com. NS ns.example.\n", i*i)
	}
	return b.String()
}

// reseal gives a file the checksums that it should have.
func reseal(file []byte) {
	end := file[len(file)-trailerSize:]
	sealed := func() { binary.BigEndian.PutUint32(end[trailerSize-4:], checksum(end[:trailerSize-4])) }
	sealed()
	t, err := parseTrailer(file)
	if err != nil {
		return
	}
	body, sums := file[len(magic):][:t.checked()], file[int64(len(magic))+t.checked():len(file)-trailerSize]
	for i := 0; 4*i < len(sums); i++ {
		binary.BigEndian.PutUint32(sums[4*i:], checksum(body[i*pieceSize:min((i+1)*pieceSize, len(body))]))
	}
	binary.BigEndian.PutUint32(end[36:], checksum(sums))
	sealed()
}

// A damaged file is refused. One whose checksums were made to fit is read without
// a panic.
func FuzzIndex(f *testing.F) {
	x, err := build(f, 1000, Options{}, "com. SOA a. b. 1 1 1 1 1\n"+many(200))
	if err != nil {
		f.Fatal(err)
	}
	whole := slices.Clone([]byte(x.file))
	f.Add(uint32(len(magic)), []byte{0xff, 0xff})
	f.Add(uint32(len(whole)-40), []byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add(uint32(len(whole)-trailerSize+8), []byte{0, 0, 0, 1})
	f.Add(uint32(len(whole)), []byte{1})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		i := int(at) % (len(whole) + 1)
		file := append(append(slices.Clone(whole[:i]), patch...), whole[min(i+len(patch), len(whole)):]...)
		if _, err := newIndex(file); (err == nil) != bytes.Equal(file, whole) {
			t.Fatalf("the file was changed, and the error is %v", err)
		}
		if len(file) < len(magic)+trailerSize {
			return
		}
		reseal(file)
		x, err := newIndex(file)
		if err != nil {
			return
		}
		for range x.Names() {
		}
		for _, label := range []string{"", "name0", "name1", "name64", "nameffff", "zzz", "\xff"} {
			x.Has(label)
		}
	})
}

// Files are told apart by what is in them, and names join one zone.
func TestFiles(t *testing.T) {
	var zipped bytes.Buffer
	for _, part := range []string{"c.com\n", "d.com\n"} { // gzip files can be put together
		w := gzip.NewWriter(&zipped)
		w.Write([]byte(part))
		w.Close()
	}
	x, err := build(t, 100, Options{}, "\xef\xbb\xbf# comment\r\nEXAMPLE.com.\r\n\n b.com ; comment\nbücher.com", "$ORIGIN com.\ne NS x.\n", zipped.String())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"b.com", "c.com", "d.com", "e.com", "example.com", "xn--bcher-kva.com"}
	if got := names(t, x); !slices.Equal(got, want) || x.Origin() != "com" {
		t.Errorf("%q under %s", got, x.Origin())
	}
	for _, test := range []struct{ first, second, want string }{
		{"a.com\n", "b.com\nb.net\n", "file2:2: b.net is not one label below com"},
		{"a.com\nb\nwww.b.com\n", "", "file1:3: www.b.com lies below b.com"},
		{"a\n", "", `file1:1: "a" has no TLD: name the origin of the zone`},
		{"a.com\nb c\n", "", "file1:2: "},
		{"a.com\n-a.com\n", "", "file1:2: "},
		{"com\n", "", `file1:1: "com" has no TLD`},
		{"a.com\n", "net. SOA a. b. 1 1 1 1 1\n", "file2:1: net is another zone than com"},
		{"com. SOA a. b. 1 1 1 1 1\n", "com. SOA a. b. 2 1 1 1 1\n", "file2:1: the serial of the SOA record is 2 here and 1 before: two versions of the zone"},
		{"a.com\n", zipped.String()[:zipped.Len()-3], "file2, after line "},
		{"a.com\n", zipped.String()[:12], "file2, after line "},
		{"a.com\n", "\x1f\x8bnonsense", "file2: "},
	} {
		_, err := build(t, 100, Options{}, test.first, test.second)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%q, %q: %v; want %s", test.first, test.second, err, test.want)
		}
	}
}

// An index is as before if another one cannot be completed.
func TestKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.zone")
	commit := func(text string) error {
		b, err := Create(path, Options{Origin: "com"})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		b.sorter.maxNames = 2
		if err := b.Read(iotest.OneByteReader(strings.NewReader(text)), "text", time.Time{}); err != nil {
			return err
		}
		_, err = b.Commit(t.Context())
		return err
	}
	if err := commit("a\nb\nc\nd\ne\n"); err != nil {
		t.Fatal(err)
	}
	if err := commit("a\nb\nc\nx y\n"); err == nil {
		t.Error("a wrong line is taken")
	}
	full, sync := errors.New("no space left"), tempfile.Sync
	tempfile.Sync = func(*os.File) error { return full }
	if err := commit("a\n"); !errors.Is(err, full) {
		t.Error(err)
	}
	tempfile.Sync = sync
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("files are left behind: %v, %v", files, err)
	}
	x, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if x.Info().Names != 5 {
		t.Errorf("%v", x.Info())
	}
}

func TestDate(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for serial, want := range map[uint32]string{
		2026112801: "2026-11-28", 2026113000: "2026-11-30", 2026120100: "", 2026023001: "", 1795000000: "2026-11-18",
		1: "", 0: "", 4294967295: "", 1999123199: "1999-12-31", 20261128: "",
	} {
		date, ok := dateOf(serial, now)
		if got := date.Format(time.DateOnly); ok != (want != "") || ok && got != want {
			t.Errorf("%d is %s, %v; want %s", serial, got, ok, want)
		}
	}
	b, err := Create(filepath.Join(t.TempDir(), "x"), Options{Origin: "com"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, changed := range []int64{3000, 2000, 4000} {
		if err := b.Read(strings.NewReader("a"), "a", time.Unix(changed, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.date().Unix(); got != 2000 {
		t.Errorf("the date is %d, and not that of the oldest file", got)
	}
}

// Killed at any time, the builder leaves the index of before.
func TestKilled(t *testing.T) {
	if stage := os.Getenv("ZONE_KILLED"); stage != "" {
		hang(t, os.Getenv("ZONE_PATH"), stage)
		return
	}
	path := filepath.Join(t.TempDir(), "x.zone")
	build := func() {
		t.Helper()
		b, err := Create(path, Options{Origin: "com"})
		if err == nil {
			defer b.Close()
			err = b.Read(strings.NewReader("old\n"), "old", time.Time{})
		}
		if err == nil {
			_, err = b.Commit(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	build()
	for stage := range 20 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), fmt.Sprintf("ZONE_KILLED=%d", stage), "ZONE_PATH="+path)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		said := make([]byte, 1)
		if _, err := out.Read(said); err != nil || said[0] != '!' {
			t.Errorf("stage %d is not reached: %q, %v", stage, said, err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
		x, err := Open(path)
		if err != nil {
			t.Fatalf("stage %d: %v", stage, err)
		}
		if x.Info().Names != 1 || !x.Has("old") {
			t.Errorf("stage %d: the index has %v", stage, x.Info())
		}
		x.Close()
	}
	build()
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("files are left behind: %v, %v", files, err)
	}
}

// hang builds an index, says when it has come to a stage, and does not go on.
func hang(t *testing.T, path, stage string) {
	at, _ := strconv.Atoi(stage)
	stop := func() {
		fmt.Print("!")
		select {}
	}
	b, err := Create(path, Options{Origin: "com"})
	if err != nil {
		t.Fatal(err)
	}
	b.sorter.maxNames = 1000
	texts := make([]io.Reader, 0, 20)
	for i := range 10 {
		texts = append(texts, strings.NewReader(many(1000)), readerFunc(func([]byte) (int, error) {
			if i == at {
				stop()
			}
			return 0, io.EOF
		}))
	}
	if err := b.Read(io.MultiReader(texts...), "text", time.Time{}); err != nil {
		t.Fatal(err)
	}
	sync := tempfile.Sync
	tempfile.Sync = func(f *os.File) error {
		if at == 18 {
			stop()
		}
		err := sync(f)
		if at == 19 {
			stop()
		}
		return err
	}
	// In between it stops while it writes.
	if _, err := b.Commit(&countdown{t.Context(), 2 * (at - 9), stop}); err != nil {
		t.Fatal(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A countdown calls end when its error is looked at for the nth time.
type countdown struct {
	context.Context
	n   int
	end func()
}

func (c *countdown) Err() error {
	if c.n--; c.n == 0 {
		c.end()
	}
	return nil
}

// A builder that is closed takes and writes nothing more.
func TestBuilderClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dev.zone")
	b, err := Create(path, Options{Origin: "dev"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Read(strings.NewReader("go.dev\n"), "list", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Read(strings.NewReader("rust.dev\n"), "list", time.Time{}); !errors.Is(err, errClosed) {
		t.Errorf("Read: %v", err)
	}
	if _, err := b.Commit(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("Commit: %v", err)
	}
}
