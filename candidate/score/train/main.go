// Command train writes the table of package score. Its argument is a list of
// words: that of Debian's package wamerican.
package main

import (
	"bytes"
	"compress/flate"
	"fmt"
	"os"

	"domprobe/candidate/score/internal/ngram"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: train WORDS TABLE")
	}
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	words, err := ngram.Words(f)
	if err != nil {
		return fmt.Errorf("read %s: %w", args[0], err)
	}
	var table bytes.Buffer
	w, err := flate.NewWriter(&table, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(ngram.Train(words)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(args[1], table.Bytes(), 0o666)
}
