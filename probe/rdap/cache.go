package rdap

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errNoCache says that there is no directory to keep anything in.
var errNoCache = errors.New("no cache directory")

// A cache keeps values as files in a directory. A file is a line with the
// SHA-256 of the rest, and the rest is JSON. It is replaced as a whole, so
// that a run that is killed leaves the old one or the new one; one that is
// damaged all the same is not read.
type cache string

// maxFile is the most bytes of a file: one in a cache, or of the user's.
const maxFile = 4 << 20

// load reads the file of that name into v.
func (dir cache) load(name string, v any) error {
	if dir == "" {
		return errNoCache
	}
	path := filepath.Join(string(dir), name)
	data, err := readFile(path)
	if err != nil {
		return err
	}
	sum, data, _ := bytes.Cut(data, []byte("\n"))
	if string(sum) != checksum(data) {
		return fmt.Errorf("reading %s: damaged", path)
	}
	return json.Unmarshal(data, v)
}

// store replaces the file of that name by one that holds v.
func (dir cache) store(name string, v any) (err error) {
	if dir == "" {
		return errNoCache
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(dir), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(string(dir), name+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = fmt.Fprintf(f, "%s\n%s", checksum(data), data)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(string(dir), name))
}

// readFile reads a file that is not longer than maxFile.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := readAll(f, maxFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

func checksum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
