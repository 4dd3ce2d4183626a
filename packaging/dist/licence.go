package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// legal is how the files with the terms of a module are called.
var legal = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|notice|patents|copyright)`)

// licences returns the texts of the licences of the program, of the data in it, of
// Go, and of the modules that any target is built from.
func (r *release) licences(ctx context.Context) (string, error) {
	folders, err := r.modules(ctx)
	if err != nil {
		return "", err
	}
	goroot, err := output(ctx, r.dir, nil, "go", "env", "GOROOT")
	if err != nil {
		return "", err
	}
	const below = ":(glob,icase)*/**/"
	data, err := output(ctx, r.dir, nil, "git", "ls-files", "--", below+"LICENSE*", below+"NOTICE*")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	add := func(what, path string) error {
		text, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s\n%s\n%s\n\n", what, strings.Repeat("=", len(what)), strings.TrimSpace(string(text)))
		return err
	}
	if err := add("domprobe", filepath.Join(r.dir, "LICENSE")); err != nil {
		return "", err
	}
	for _, name := range strings.Fields(data) {
		if err := add("data of domprobe: "+name, filepath.Join(r.dir, name)); err != nil {
			return "", err
		}
	}
	folders["Go"] = strings.TrimSpace(goroot)
	for _, module := range slices.Sorted(maps.Keys(folders)) {
		names, err := termsOf(folders[module])
		if err != nil {
			return "", fmt.Errorf("the licence of %s: %w", module, err)
		}
		for _, name := range names {
			if err := add(module+": "+name, filepath.Join(folders[module], name)); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

// modules returns the folders of the modules of all targets, by path and version.
func (r *release) modules(ctx context.Context) (map[string]string, error) {
	folders := make(map[string]string)
	for _, t := range targets {
		const format = `{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}|{{.Dir}}{{end}}{{end}}`
		list, err := output(ctx, r.dir, t.env(), "go", "list", "-deps", "-f", format, ".")
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(list) {
			if module, dir, ok := strings.Cut(strings.TrimSpace(line), "|"); ok {
				folders[module] = dir
			}
		}
	}
	return folders, nil
}

// termsOf returns the names of the files in a folder with its terms.
func termsOf(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if legal.MatchString(e.Name()) && e.Type().IsRegular() && filepath.Ext(e.Name()) != ".go" {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no file in %s is one", dir)
	}
	return names, nil
}
