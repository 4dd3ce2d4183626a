package e2e

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"testing"
)

// The map in CONTRIBUTING.md has every folder with Go files, and no folder that
// is not there.
func TestMap(t *testing.T) {
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	root := os.DirFS("../..")
	listed := map[string]bool{".": true}
	for _, m := range regexp.MustCompile(`(?m)^    (\S+)/ `).FindAllStringSubmatch(string(text), -1) {
		listed[m[1]] = true
		if _, err := fs.Stat(root, m[1]); err != nil {
			t.Error(err)
		}
	}
	err = fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == ".git" && d.IsDir() {
			return fs.SkipDir
		}
		if folder := path.Dir(file); path.Ext(file) == ".go" && !listed[folder] {
			listed[folder] = true
			t.Errorf("the map does not have %s", folder)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
