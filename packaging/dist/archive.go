package main

import (
	"archive/tar"
	"archive/zip"
	"cmp"
	"compress/gzip"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"
)

// archive packs a binary and the files beside it: as .zip for Windows, and as
// .tar.gz for all others. Owners and times are those of no machine.
func (r *release) archive(t target, binary string) error {
	ending, pack := ".tar.gz", tarGz
	if t.os == "windows" {
		ending, pack = ".zip", zipped
	}
	out, err := os.Create(filepath.Join(r.out, r.name(t)+ending))
	if err != nil {
		return err
	}
	entries := []entry{{path.Join(r.name(t), t.program()), binary, 0o755}}
	for _, f := range r.files {
		entries = append(entries, entry{path.Join(r.name(t), f.name), filepath.Join(r.dir, f.name), f.mode})
	}
	return cmp.Or(pack(out, entries, r.build.date), out.Close())
}

// An entry is a file in an archive.
type entry struct {
	name, path string
	mode       os.FileMode
}

func tarGz(w io.Writer, entries []entry, date time.Time) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, e := range entries {
		text, err := os.ReadFile(e.path)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: e.name, Mode: int64(e.mode), Size: int64(len(text)), ModTime: date}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(text); err != nil {
			return err
		}
	}
	return cmp.Or(archive.Close(), compressed.Close())
}

func zipped(w io.Writer, entries []entry, date time.Time) error {
	archive := zip.NewWriter(w)
	for _, e := range entries {
		text, err := os.ReadFile(e.path)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: date.UTC()}
		header.SetMode(e.mode)
		f, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := f.Write(text); err != nil {
			return err
		}
	}
	return archive.Close()
}
