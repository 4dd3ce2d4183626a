package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages returns the documents by their paths from the root of the repository.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		paths, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no document is %s: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[strings.TrimPrefix(filepath.ToSlash(path), "../../")] = string(text)
		}
	}
	return texts
}

var (
	linkPattern  = regexp.MustCompile(`\]\(([^):]*)\)`) // to a file of the repository
	titlePattern = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInAnchor  = regexp.MustCompile(`[^\w -]`)
)

// anchors returns the names that the headings of a page have in links.
func anchors(text string) (names []string) {
	for _, m := range titlePattern.FindAllStringSubmatch(text, -1) {
		name := notInAnchor.ReplaceAllString(strings.ToLower(m[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// Every link leads to something, and the README leads to every page.
func TestLinks(t *testing.T) {
	texts := pages(t)
	linked := make(map[string]bool)
	for path, text := range texts {
		for _, m := range linkPattern.FindAllStringSubmatch(text, -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			target := path
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(path), file))
			}
			if path == "README.md" {
				linked[target] = true
			}
			if _, err := os.Stat(filepath.Join("../..", target)); err != nil {
				t.Errorf("%s links to %s: %v", path, m[1], err)
			}
			if anchor != "" && !slices.Contains(anchors(texts[target]), anchor) {
				t.Errorf("%s links to %s, which has no such heading", path, m[1])
			}
		}
	}
	for path := range texts {
		if path != "README.md" && !linked[path] {
			t.Errorf("README.md has no link to %s", path)
		}
	}
}

// Flags of other programs that the documents name.
var foreignFlags = []string{"dependency", "sshlogin"}

// A flag that a document names is one of the program's.
func TestFlagsOfPages(t *testing.T) {
	var known []string
	for _, c := range plain(commands()) {
		for _, o := range c.Options {
			known = append(known, o.Name)
		}
	}
	for path, text := range pages(t) {
		for _, m := range regexp.MustCompile("`(?:domprobe )?--([a-z][a-z0-9-]*)").FindAllStringSubmatch(text, -1) {
			if !slices.Contains(known, m[1]) && !slices.Contains(foreignFlags, m[1]) {
				t.Errorf("%s: there is no --%s", path, m[1])
			}
		}
	}
}
