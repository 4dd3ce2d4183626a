package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A file stands in the clone, at the same path as in the archives.
type file struct {
	name string // with slashes
	mode os.FileMode
}

// documents writes the files that a binary prints, and returns all that belong
// beside one.
func (r *release) documents(ctx context.Context, binary string) ([]file, error) {
	printed := map[string][]string{
		"man/domprobe.1":            {"man"},
		"completions/domprobe.bash": {"completion", "bash"},
		"completions/_domprobe":     {"completion", "zsh"},
		"completions/domprobe.fish": {"completion", "fish"},
		"completions/domprobe.ps1":  {"completion", "powershell"},
	}
	var files []file
	for name, args := range printed {
		text, err := output(ctx, r.dir, nil, binary, args...)
		if err == nil {
			err = r.write(name, text)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, file{name, 0o644})
	}
	licences, err := r.licences(ctx)
	if err == nil {
		err = r.write("LICENSES.txt", licences)
	}
	if err != nil {
		return nil, err
	}
	patterns := []string{
		"LICENSE", "LICENSES.txt", "README.md", "SECURITY.md", "docs/*.md", "docs/pictures/*", "packaging/systemd/*",
	}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(r.dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			files = append(files, file{filepath.ToSlash(path[len(r.dir)+1:]), 0o644})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

// write writes a file of the clone.
func (s *source) write(name, text string) error {
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
