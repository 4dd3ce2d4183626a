package probe_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// What asks over HTTPS or asks a registry is paid for by the programs that
// import it, and by no other.
func TestImports(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool: ", err)
	}
	list := exec.Command(tool, "list", "-deps", "-json=ImportPath,Imports", ".")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		imports[p.ImportPath] = p.Imports
	}
	const self = "domprobe/probe"
	if len(imports[self]) == 0 {
		t.Fatalf("%d packages, but not %s", len(imports), self)
	}
	by := map[string]string{self: ""} // the package that imports it, on the way from probe
	for todo := []string{self}; len(todo) > 0; todo = todo[1:] {
		// The list of public suffixes has a type of net/http's in its API.
		if todo[0] == "golang.org/x/net/publicsuffix" {
			continue
		}
		for _, path := range imports[todo[0]] {
			if _, ok := by[path]; !ok {
				by[path] = todo[0]
				todo = append(todo, path)
			}
		}
	}
	for _, path := range []string{"net/http", "domprobe/probe/rdap", "domprobe/probe/doh"} {
		if importer, ok := by[path]; ok {
			t.Errorf("%s is imported, by %s", path, importer)
		}
	}
}
