package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"domprobe/internal/dnstest/daemon"
)

// An inspector runs the inspector of the Model Context Protocol
// (https://github.com/modelcontextprotocol/inspector), which DOMPROBE_INSPECTOR
// names, on a server, which is a command or a URL.
func inspector(t *testing.T, server []string, flags ...string) string {
	t.Helper()
	path := os.Getenv("DOMPROBE_INSPECTOR")
	if path == "" {
		daemon.Missing(t, "needs the MCP inspector, as .ci/run provides it: npm install @modelcontextprotocol/inspector, and DOMPROBE_INSPECTOR=node_modules/.bin/mcp-inspector")
	}
	cmd := exec.Command(path, slices.Concat([]string{"--cli"}, server, flags)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, out)
	}
	return string(out)
}

// The official client lists and calls every tool, over standard input and output and
// over HTTP.
func TestInspector(t *testing.T) {
	serve := exec.Command("domprobe", "serve", "--mcp", "--listen", "127.0.0.1:0", "-r", "demo")
	url := regexp.MustCompile(`http://[0-9.:]+`).FindString(line(t, started(t, serve), "serving on"))
	for how, server := range map[string][]string{
		"stdio": {"domprobe", "mcp", "--resolver", "demo", "--quiet"},
		"http":  {url + "/mcp", "--transport", "http"},
	} {
		t.Run(how, func(t *testing.T) {
			var list struct{ Tools []struct{ Name string } }
			if err := json.Unmarshal([]byte(inspector(t, server, "--method", "tools/list")), &list); err != nil {
				t.Fatal(err)
			}
			calls := map[string]struct {
				args []string
				want string
			}{
				"probe_names":   {[]string{`names=["go.dev","qxvzkwj.dev"]`}, `"verdict": "not-found"`},
				"find_names":    {[]string{`keywords=["go","rust"]`, `tlds=["dev","io"]`, "best=2", `generators=["affixes"]`}, `"not_found": `},
				"explain_name":  {[]string{"name=go.dev"}, `"steps": [`},
				"registry_data": {[]string{"name=go.dev"}, "this server does not ask registries"},
			}
			if len(list.Tools) != len(calls) {
				t.Errorf("%d tools", len(list.Tools))
			}
			for _, tool := range list.Tools {
				flags := []string{"--method", "tools/call", "--tool-name", tool.Name}
				for _, arg := range calls[tool.Name].args {
					flags = append(flags, "--tool-arg", arg)
				}
				if out := inspector(t, server, flags...); !strings.Contains(out, calls[tool.Name].want) {
					t.Errorf("%s: %s", tool.Name, out)
				}
			}
			if out := inspector(t, server, "--method", "resources/read", "--uri", "domprobe://tlds"); !strings.Contains(out, "classic") {
				t.Errorf("domprobe://tlds: %s", out)
			}
		})
	}
	if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := serve.Wait(); err != nil {
		t.Error(err)
	}
}
