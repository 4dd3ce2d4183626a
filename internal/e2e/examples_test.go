package e2e

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"domprobe/internal/dnstest"
	"domprobe/internal/dnstest/daemon"
)

// An example is a command line, or a script, of the documentation.
type example struct {
	where, text string
	output      string // the block after it that shows what it prints
}

// Examples that a test cannot run, by how they begin.
var notRun = map[string]string{
	"go test ./...":                       "this is a part of it",
	"go install .":                        "it would install",
	"make ":                               "it takes minutes",
	"go run ./internal/dnstest/cmd/bench": "it takes minutes",
	"DOMPROBE_FASTDNS=./fastdns go run":   "it takes minutes",
	"apiVersion: batch/v1":                "it needs a cluster; its command is that of Slurm",
	"apiVersion: v1":                      "it needs a cluster; TestManifests reads it",
	"services:":                           "it needs Docker; TestManifests reads it",
	"nats-server -js":                     "it needs a NATS server; TestHerdCommands has one",
	"domprobe work --nats":                "it needs a NATS server; TestHerdCommands has one",
	"domprobe herd --nats":                "it needs a NATS server; TestHerdCommands has one",
	"domprobe --nats":                     "it needs a NATS server; TestHerdCommands has one",
}

// documented returns the examples of a Markdown file: the lines of its literal
// blocks, and the blocks that are scripts of several lines.
func documented(t *testing.T, path string) (examples []example) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?m)(^    .*\n(\n(?:    ))?)+|^```sh\n(?s:.*?)^```").FindAllString(string(text), -1) {
		block = strings.TrimSuffix(strings.TrimPrefix(block, "```sh\n"), "```")
		block = regexp.MustCompile(`(?m)^    `).ReplaceAllString(block, "")
		switch {
		case strings.HasPrefix(block, "FOUND "):
			for i := len(examples) - 1; i >= 0; i-- {
				if strings.HasPrefix(examples[i].text, "go run . ") {
					examples[i].output = block
				}
			}
		case regexp.MustCompile(`(?m)^( |#!)|\\$|^(cd|declare) |<<'`).MatchString(block):
			examples = append(examples, example{where: path, text: block})
		default:
			for line := range strings.Lines(block) {
				examples = append(examples, example{where: path, text: line})
			}
		}
	}
	return examples
}

// inHelp returns the examples of the help of every command.
func inHelp(t *testing.T) (examples []example) {
	t.Helper()
	help := func(name string) string {
		out, err := exec.Command("domprobe", "help", name).Output()
		if name == "" {
			out, err = exec.Command("domprobe", "--help").Output()
		}
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	_, list, _ := strings.Cut(help(""), "\nCommands, as the first word only:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	names := []string{""}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+) `).FindAllStringSubmatch(list, -1) {
		names = append(names, m[1])
	}
	for _, name := range names {
		text, _, _ := strings.Cut(help(name), "\nUsage: ")
		_, text, _ = strings.Cut(text, "\n\n")
		n := len(examples)
		for line := range strings.Lines(text) {
			if line, ok := strings.CutPrefix(line, "  "); ok {
				examples = append(examples, example{where: "domprobe help " + name, text: line})
			}
		}
		if len(examples) == n {
			t.Errorf("the help of %q has no example", name)
		}
	}
	return examples
}

// TestExamples runs every example of the README, the documents and the help
// offline: resolvers, registries and programs that may not be installed have
// substitutes. Every example must end with 0 and print what it looks
// like it does.
func TestExamples(t *testing.T) {
	t.Parallel()
	examples := inHelp(t)
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, "../../README.md") {
		if filepath.Base(path) == "tour.md" { // its steps build on one another: TestTour
			continue
		}
		found := documented(t, path)
		if len(found) == 0 {
			t.Errorf("%s has no example", path)
		}
		examples = append(examples, found...)
	}
	seen := make(map[string]bool) // the help and the reference have the same ones
	house := newHouse(t)
	for _, ex := range examples {
		text := strings.TrimSpace(ex.text)
		skip := func(begin string) bool { return strings.HasPrefix(text, begin) }
		if seen[text] || slices.ContainsFunc(keys(notRun), skip) {
			continue
		}
		seen[text] = true
		t.Run(filepath.Base(ex.where)+"/"+text, func(t *testing.T) {
			t.Parallel()
			house.run(t, ex)
		})
	}
	t.Logf("%d examples, of which %d are different and can be run", len(examples), len(seen))
	if len(seen) < 50 {
		t.Errorf("only %d examples", len(seen))
	}
}

func keys[V any](m map[string]V) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	return list
}

// token is what examples have openssl make up.
const token = "0123456789abcdef0123456789abcdef"

// A house has the servers that examples ask.
type house struct {
	resolvers [2]string
	bootstrap string // the file that names the registries
	roots     string // their certificate
	programs  string // a folder of substitutes
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{programs: t.TempDir()}
	registered := []string{"go.dev", "example.com", "example.org", "example.co.uk", "word1.com"}
	truth := dnstest.Truth{
		Registered: func(name string) bool { return slices.Contains(registered, name) },
		Zone:       dnstest.Zones("co.uk", "com.br"),
	}
	for i := range h.resolvers {
		h.resolvers[i] = serveDNS(t, truth.Resolve)
	}
	registry := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/rdap+json")
		sayByName(w, req)
	}))
	t.Cleanup(registry.Close)
	services := fmt.Sprintf(`{"version": "1.0", "services": [[["dev", "io", "com", "uk"], ["%s/"]]]}`, registry.URL)
	h.bootstrap, h.roots = filepath.Join(h.programs, "dns.json"), filepath.Join(h.programs, "roots.pem")
	err := errors.Join(os.WriteFile(h.bootstrap, []byte(services), 0o600),
		os.WriteFile(h.roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: registry.Certificate().Raw}), 0o600))
	for name, script := range map[string]string{
		"go":      `if [ "$1 $2" = "run ." ]; then shift 2; exec domprobe "$@"; fi; exit 1`,
		"man":     `exec cat`,
		"whois":   `echo "whois $1"`,
		"openssl": "echo " + token,
		"fzf":     `exec head -n 1`,
		"mail":    `echo mail "$@"`,
	} {
		err = errors.Join(err, os.WriteFile(filepath.Join(h.programs, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// folder makes the files that an example reads.
func (h *house) folder(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	const header = "domain,verdict,reason,keyword,tld,checked_at\n"
	old := header + "go.com,found,exists,go,com,2026-01-02T03:04:05Z\nzig.com,not-found,nxdomain,zig,com,2026-01-02T03:04:05Z\n"
	today := header + "go.com,not-found,nxdomain,go,com,2026-02-02T03:04:05Z\nzig.com,not-found,nxdomain,zig,com,2026-02-02T03:04:05Z\n"
	jsonl := `{"v":1,"domain":"go.com","verdict":"found","keyword":"go","tld":"com"}` + "\n"
	files := map[string]string{
		"words.txt": "go\nzig\nword1\n", "names/words.txt": "go\nzig\nword1\n", "names.txt": "go\nzig\n", "many.txt": strings.Join(h.resolvers[:], "\n") + "\n",
		"report.csv": old, "yesterday.csv": old, "today.csv": today, "names/today.csv": old,
		"report.jsonl": jsonl,
	}
	if strings.Contains(script, "part-*") {
		files["part-1.csv"], files["part-2.csv"] = old, today
	}
	for _, folder := range []string{"names", ".config/fish/completions", ".local/share/man/man1"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	files["com.txt"] = "com. 900 IN SOA a. b. 1 1800 900 604800 86400\nexample.com. 900 IN NS ns.example.net.\nword1.com. 900 IN NS ns.example.net.\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := exec.Command("gzip", "-k", filepath.Join(dir, "report.jsonl"), filepath.Join(dir, "com.txt")).Run(); err != nil {
		daemon.Missing(t, "gzip is not installed: apt-get install gzip")
	}
	if strings.Contains(script, "com.zone") && !strings.Contains(script, "zone build") {
		if out, err := exec.Command("domprobe", "zone", "build", filepath.Join(dir, "com.txt"), "-o", filepath.Join(dir, "com.zone")).CombinedOutput(); err != nil {
			t.Fatalf("build com.zone: %v\n%s", err, out)
		}
	}
	return dir
}

// substituted returns an example with the servers of the house in place of
// those of the world.
func (h *house) substituted(text string) string {
	n := 0
	text = strings.ReplaceAll(text, "192.0.2.7:8053", "127.0.0.1:0")
	text = regexp.MustCompile(`domprobe watch (--once )?`).ReplaceAllString(text, "domprobe watch --once ")
	text = regexp.MustCompile(`-r (cloudflare|google|quad9|direct|tls://[\w.]+|[0-9.]+)`).ReplaceAllStringFunc(text, func(string) string {
		n++
		return "-r " + h.resolvers[(n-1)%len(h.resolvers)]
	})
	return strings.TrimSpace(regexp.MustCompile(`^[0-9*/]+ [0-9*]+ \* \* \* `).ReplaceAllString(text, "")) // when cron runs it
}

func (h *house) command(ctx context.Context, dir, script string) *exec.Cmd {
	// zsh has this list of folders, and bash has not.
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -o pipefail; fpath=(x \"$HOME\")\n"+script)
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "DOMPROBE_") }),
		"PATH="+h.programs+":"+os.Getenv("PATH"), "HOME="+dir, "PROFILE="+filepath.Join(dir, "profile.ps1"), "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=",
		"SLURM_ARRAY_TASK_ID=1", "SLURM_ARRAY_TASK_COUNT=16",
		"DOMPROBE_RESOLVER="+h.resolvers[0], "DOMPROBE_RDAP_BOOTSTRAP="+h.bootstrap, "DOMPROBE_RDAP_RATE=1000", "SSL_CERT_FILE="+h.roots)
	return cmd
}

func (h *house) run(t *testing.T, ex example) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, program := range []string{"jq", "parallel", "xargs"} {
		if strings.Contains(ex.text, program+" ") {
			if _, err := exec.LookPath(program); err != nil {
				daemon.Missing(t, program+" is not installed: apt-get install "+program)
			}
		}
	}
	script := h.substituted(ex.text)
	switch {
	case strings.HasPrefix(script, "domprobe serve"):
		h.serve(t, ctx, script, "/")
		return
	case strings.HasPrefix(script, "curl "):
		_, url, _ := strings.Cut(script, ":8053")
		url, _, _ = strings.Cut(url, "'")
		if body := h.serve(t, ctx, "domprobe serve", url); !strings.Contains(body, `"domain":"go.dev"`) {
			t.Errorf("the response is %.200q", body)
		}
		return
	}
	var stderr bytes.Buffer
	cmd := h.command(ctx, h.folder(t, script), script)
	cmd.Stdin, cmd.Stderr = strings.NewReader("go\n"), &stderr
	if strings.HasPrefix(script, "domprobe mcp") {
		cmd.Stdin = nil
	}
	out, err := cmd.Output()
	code := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if code != 0 {
		t.Fatalf("%s\nexit code %d; stderr %s", script, code, stderr.String())
	}
	if ex.output != "" && sortedLines(ex.output) != sortedLines(string(out)) {
		t.Errorf("the output is\n%s\nand not\n%s", out, ex.output)
	}
	if err := shapeOf(script).check(string(out)); err != nil {
		t.Errorf("%s\n%v; it printed %.300q; stderr %s", script, err, out, stderr.String())
	}
}

// serve runs domprobe serve, gets a path of it and ends it.
func (h *house) serve(t *testing.T, ctx context.Context, script, path string) (body string) {
	cmd := h.command(ctx, t.TempDir(), "exec "+script)
	cmd.Env = append(cmd.Env, "DOMPROBE_LISTEN=127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var printed []byte
	buf := make([]byte, 1024)
	address := regexp.MustCompile(`serving on (http://[0-9.:]+)/`)
	for !address.Match(printed) {
		n, err := stderr.Read(buf)
		if printed = append(printed, buf[:n]...); err != nil {
			t.Fatalf("%s: %v; %s", script, err, printed)
		}
	}
	req, err := http.NewRequestWithContext(ctx, "GET", string(address.FindSubmatch(printed)[1])+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s: status %d, %v", script, resp.StatusCode, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, stderr)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s: %v", script, err)
	}
	return string(text)
}

func sortedLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// A shape is how an output looks.
type shape string

var named = regexp.MustCompile(`^domprobe (\w+)`)

// shapeOf returns the shape of what the last program of a script prints.
func shapeOf(script string) shape {
	script, _, _ = strings.Cut(script, " #")
	if strings.ContainsAny(script, "|;<>&\n") && !strings.HasSuffix(script, "| domprobe -t com -") {
		return "any"
	}
	format := regexp.MustCompile(` -f (\w+)`).FindStringSubmatch(script)
	switch m := named.FindStringSubmatch(script); {
	case m != nil && slices.Contains([]string{"explain", "plan", "resolvers", "rdap", "words", "score", "tlds", "completion", "man", "help", "version"}, m[1]):
		if format != nil && format[1] == "json" {
			return "json"
		}
		return "text"
	case m != nil && m[1] == "mcp":
		return "none" // to an assistant that ends at once
	case m != nil && (m[1] == "zone" || m[1] == "config"):
		if strings.Contains(script, "zone build") || regexp.MustCompile(`config (init|check)`).MatchString(script) {
			return "none"
		}
		return "text"
	case m != nil && m[1] == "watch": // nothing, as long as nothing changes
		return "any"
	case m != nil && m[1] == "diff" && format == nil:
		return "changes"
	case format == nil:
		return "columns"
	}
	return shape(format[1])
}

func (s shape) check(out string) error {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	fits := map[shape]string{
		"text":    `(?s)\S`,
		"columns": `^FOUND +NOT FOUND`,
		"changes": `^\S+: [a-z-]+ -> [a-z-]+`,
		"grid":    `(?s)\+ found`,
		"names":   `^(\S+\.\S+\n)+$`,
		"none":    `^$`,
	}
	switch {
	case s == "any":
	case fits[s] != "":
		if !regexp.MustCompile(fits[s]).MatchString(out) {
			return fmt.Errorf("the output is not %s", s)
		}
	case s == "csv":
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || len(rows) < 2 || rows[0][0] != "domain" {
			return fmt.Errorf("the output is not csv: %v", err)
		}
	case s == "jsonl" || s == "json":
		if s == "json" {
			lines = []string{out}
		}
		for _, line := range lines {
			if !json.Valid([]byte(line)) {
				return fmt.Errorf("the output is not %s", s)
			}
		}
	case s == "markdown":
		if !strings.HasPrefix(out, "| ") {
			return errors.New("the output is not a table")
		}
	default:
		return fmt.Errorf("the test knows no shape %s", s)
	}
	return nil
}
