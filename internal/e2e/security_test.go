package e2e

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// hostPattern is a host in a string of the program: of a URL, or with a port.
var hostPattern = regexp.MustCompile(`^(?:https?|tls|tcp|udp|nats)://([a-z0-9-]+(?:\.[a-z0-9-]+)+)|^([a-z0-9-]+(?:\.[a-z0-9-]+)+):\d+$`)

// SECURITY.md has every host that the program knows by name or address.
func TestHostsAreListed(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	hosts := make(map[string]string)
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "dnstest" || d.Name() == "packaging"):
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
				s, _ := strconv.Unquote(lit.Value)
				if m := hostPattern.FindStringSubmatch(s); m != nil {
					hosts[m[1]+m[2]] = path
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for host, path := range hosts {
		if !strings.HasPrefix(host, "127.") && !strings.Contains(string(text), "`"+host+"`") {
			t.Errorf("SECURITY.md does not have %s of %s", host, path)
		}
	}
	if len(hosts) < 10 {
		t.Errorf("only %d hosts are in the program", len(hosts))
	}
}
