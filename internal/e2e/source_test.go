package e2e

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// literals calls each with every string in the sources of the program, but for the
// paths of imports.
func literals(t *testing.T, each func(path, text string)) {
	t.Helper()
	const root = "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "dnstest", "packaging"}, d.Name()):
			return fs.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == gotoken.STRING {
				text, _ := strconv.Unquote(lit.Value)
				each(strings.TrimPrefix(filepath.ToSlash(path), root+"/"), text)
			}
			_, imported := n.(*ast.ImportSpec)
			return !imported
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// hostPattern is a host in a string: of a URL, or with a port.
var hostPattern = regexp.MustCompile(
	`^(?:https?|tls|tcp|udp|nats)://([a-z0-9-]+(?:\.[a-z0-9-]+)+)|^([a-z0-9-]+(?:\.[a-z0-9-]+)+):\d+$`)

// SECURITY.md has every host that the program knows by name or address.
func TestHostsAreListed(t *testing.T) {
	list, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	hosts := make(map[string]string)
	literals(t, func(path, text string) {
		if m := hostPattern.FindStringSubmatch(text); m != nil {
			hosts[m[1]+m[2]] = path
		}
	})
	for host, path := range hosts {
		if !strings.HasPrefix(host, "127.") && !strings.Contains(string(list), "`"+host+"`") {
			t.Errorf("SECURITY.md does not have %s of %s", host, path)
		}
	}
	if len(hosts) < 10 {
		t.Errorf("only %d hosts are in the program", len(hosts))
	}
}

// Besides imports, the path of the module stands where a message names a package:
// CONTRIBUTING.md says what to change when the module gets another path.
func TestModulePath(t *testing.T) {
	var places []string
	literals(t, func(path, text string) {
		if regexp.MustCompile(`\bdomprobe/(candidate|probe|report|web|zone|internal)\b`).MatchString(text) {
			places = append(places, path)
		}
	})
	if want := []string{"probe/prober.go"}; !slices.Equal(places, want) {
		t.Errorf("the path of the module stands in %q, want %q", places, want)
	}
}
