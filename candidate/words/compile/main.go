// Command compile writes the index of package words. Its arguments are the
// folder of WordNet's database, which is in Debian's package wordnet-base, and
// the file to write.
package main

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"os"

	"domprobe/candidate/words/internal/wordnet"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "compile:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: compile FOLDER INDEX")
	}
	db, err := wordnet.Read(args[0])
	if err != nil {
		return err
	}
	var index bytes.Buffer
	w, err := flate.NewWriter(&index, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(wordnet.Index(db)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(args[1], index.Bytes(), 0o666)
}
