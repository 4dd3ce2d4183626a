package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/internal/dnstest/daemon"
	"domprobe/report"
)

// startResolver starts a healthy resolver in a world in which banana and names
// of two letters that begin with an a are registered.
func startResolver(t *testing.T) string {
	t.Helper()
	truth := dnstest.Truth{Registered: func(name string) bool {
		label, _, below := strings.Cut(name, ".")
		return below && (label == "banana" || len(label) == 2 && label[0] == 'a')
	}}
	return serveDNS(t, truth.Resolve)
}

// serveDNS starts a server that responds with a function, and returns its address.
func serveDNS(t *testing.T, answer func(q *dns.Msg) *dns.Msg) (addr string) {
	t.Helper()
	server, err := dnstest.Serve(dnstest.Answer(answer))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server.Addr()
}

// TestCoprocess writes a keyword, reads its row, and only then writes the next.
func TestCoprocess(t *testing.T) {
	t.Parallel()
	resolver := startResolver(t)
	for _, flags := range []string{"-i -", "-i - --ordered", "-i - --sort input", "-i - -0", "- --shard 1/1 --max-names 1000"} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			end := byte('\n')
			if strings.Contains(flags, "-0") {
				end = 0
			}
			cmd := exec.Command("domprobe", append(strings.Fields(flags), "-r", resolver, "-t", "dev", "-f", "names", "-q")...)
			cmd.Stderr = os.Stderr
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			watchdog := time.AfterFunc(5*time.Minute, func() { cmd.Process.Kill() })
			defer watchdog.Stop()
			rows := bufio.NewReader(out)
			for i := range 5 {
				fmt.Fprintf(in, "word%d%c", i, end)
				row, err := rows.ReadString(end)
				if want := fmt.Sprintf("word%d.dev%c", i, end); row != want || err != nil {
					t.Fatalf("%q, %v, want %q", row, err, want)
				}
			}
			in.Close()
			if rest, err := rows.ReadString(end); rest != "" || err == nil {
				t.Errorf("more rows: %q", rest)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestResumeAfterKill kills runs with SIGKILL at random moments. Resumed, each
// report has exactly one row for each name.
func TestResumeAfterKill(t *testing.T) {
	if testing.Short() {
		t.Skip("kills 50 runs")
	}
	t.Parallel()
	resolver := startResolver(t)
	const names = 20 * 36
	dir := t.TempDir()
	reports := []string{filepath.Join(dir, "report.csv"), filepath.Join(dir, "report.jsonl")}
	command := func() *exec.Cmd {
		return exec.Command("domprobe", "-r", resolver, "--pattern", `[a-t]\w`, "-t", "dev", "-c", "1", "-f", "names", "-q",
			"--resume", "-o", reports[0], "-o", reports[1])
	}
	run := func() {
		if err := command().Run(); err != nil {
			t.Fatal(err)
		}
	}
	torn := 0
	for range 50 {
		if rand.IntN(3) > 0 { // else what the last run has left goes on
			for _, path := range reports {
				if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
		}
		killAfter(t, command(), rand.IntN(names))
		for _, path := range reports {
			if text, err := os.ReadFile(path); err == nil && len(text) > 0 && strings.Count(string(text), "\n") < names {
				torn++
			}
		}
		if rand.IntN(3) > 0 { // else it is killed once more
			run()
			checkReports(t, names, reports...)
		}
	}
	run()
	checkReports(t, names, reports...)
	if torn < 10 {
		t.Errorf("50 runs were killed, which left %d unfinished reports only", torn)
	}
}

// killAfter starts a command and kills it soon after it has written that many rows
// to standard output.
func killAfter(t *testing.T, cmd *exec.Cmd, rows int) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	for range rows {
		if _, err := in.ReadString('\n'); err != nil {
			break
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
}

// checkReports fails unless each report has that many rows of different names.
func checkReports(t *testing.T, names int, reports ...string) {
	t.Helper()
	for _, path := range reports {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		seen := make(map[string]bool)
		rows := 0
		for r, err := range report.Read(f, strings.TrimPrefix(filepath.Ext(path), ".")) {
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			rows++
			seen[r.Name] = true
		}
		if rows != names || len(seen) != names {
			t.Fatalf("%s: %d rows about %d names, want %d", path, rows, len(seen), names)
		}
	}
}

// documentedScript returns the literal block of a document that begins with the
// given words.
func documentedScript(t *testing.T, path, begin string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile(`(?m)(^    .*\n)+`).FindAllString(string(text), -1) {
		if script := strings.TrimPrefix(strings.ReplaceAll(block, "\n    ", "\n"), "    "); strings.HasPrefix(script, begin) {
			return script
		}
	}
	t.Fatalf("%s: no block that begins with %q", path, begin)
	return ""
}

// shell runs a script in a folder with words.txt, which has 200 words, and the
// other files that the documentation mentions.
func shell(t *testing.T, script, program, pkg string, env ...string) (dir, stdout string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		daemon.Missing(t, program+" is not installed: apt-get install "+pkg)
	}
	dir = t.TempDir()
	var words strings.Builder
	for i := range 200 {
		fmt.Fprintf(&words, "word%d\n", i)
	}
	const old = "domain,verdict,tld\nword1.com,found,com\n"
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "names"), 0o777),
		os.WriteFile(filepath.Join(dir, "words.txt"), []byte(words.String()), 0o666),
		os.WriteFile(filepath.Join(dir, "report.csv"), []byte(old), 0o666),
		os.WriteFile(filepath.Join(dir, "names", "words.txt"), []byte("word0\nword1\n"), 0o666),
		os.WriteFile(filepath.Join(dir, "names", "today.csv"), []byte(old), 0o666)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "DOMPROBE_RESOLVER="+startResolver(t), "HOME="+dir), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s\n%v", script, err)
	}
	return dir, string(out)
}

func TestParallel(t *testing.T) {
	t.Parallel()
	script := documentedScript(t, "../../docs/scale.md", "parallel ")
	dir, _ := shell(t, script, "parallel", "parallel", "DOMPROBE_QUIET=true")
	checkReports(t, 200, filepath.Join(dir, "all.csv"))
	parts, err := filepath.Glob(filepath.Join(dir, "part-*.csv"))
	if err != nil || len(parts) < 4 {
		t.Errorf("%d parts, %v", len(parts), err)
	}
}

// TestCompletionInBash presses the tab key, so to speak.
func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"domprobe pl":                 "plan",
		"domprobe --stop":             "--stop-after",
		"domprobe -t dev go --no-esc": "--no-escalate",
		"domprobe -f mark":            "marks markdown",
		"domprobe --only not":         "not-found",
		"domprobe -t dev --tld-pre":   "--tld-preset",
		"domprobe --tld-preset po":    "popular",
		"domprobe render x.csv --sor": "--sort",
		"domprobe diff -f ":           "text names csv jsonl",
		"domprobe plan -f ":           "table json",
		"domprobe resolvers -f ":      "table json list",
		"domprobe rdap -f ":           "text columns marks names csv tsv json jsonl grid markdown html none",
		"domprobe completion ":        "bash zsh fish powershell",
		"domprobe help exp":           "explain",
		"domprobe --only = not":       "not-found", // bash splits words at =
		"domprobe --only = found,un":  "found,unknown",
		"domprobe --format =":         "columns marks names csv tsv json jsonl grid markdown html none",
		"domprobe -t dev,musi":        "dev,music",
		"domprobe --color a":          "auto always",
		"domprobe completion zsh ":    "",
		"domprobe -- pl":              "",
		"domprobe -t dev pl":          "",
		"domprobe '$(touch pwned)' -": "pwned",
	} {
		words := strings.Split(line, " ")
		for i, w := range words {
			words[i] = "'" + strings.Trim(w, "'") + "'"
		}
		script := fmt.Sprintf(`set +e; source <(domprobe completion bash)
COMP_WORDS=(%s); COMP_CWORD=%d; _domprobe; printf '%%s\n' "${COMPREPLY[*]}"; ls`, strings.Join(words, " "), len(words)-1)
		_, out := shell(t, script, "bash", "bash")
		out, files, _ := strings.Cut(out, "names\nreport.csv\n")
		out = strings.Join(strings.Fields(out), " ")
		if want == "pwned" {
			if strings.Contains(out+files, want) {
				t.Errorf("%s: what was typed has been run", line)
			}
		} else if out != want {
			t.Errorf("%s: %q, want %q", line, out, want)
		}
	}
}

// TestCompletionInFish asks fish what it would offer.
func TestCompletionInFish(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"domprobe expl":          "explain",
		"domprobe --resolver=cl": "--resolver=cloudflare",
		"domprobe -t dev,musi":   "dev,music",
		"domprobe --color a":     "always auto",
		"domprobe -t dev pl":     "",
	} {
		script := "domprobe completion fish >domprobe.fish; fish --no-config -c 'source domprobe.fish; complete -C \"" + line + "\"'"
		_, out := shell(t, script, "fish", "fish")
		if out = strings.Join(strings.Fields(out), " "); out != want {
			t.Errorf("%s: %q, want %q", line, out, want)
		}
	}
}

// TestCompletionInZsh presses the tab key in a shell on a pseudo-terminal, and
// waits until the rest of the word is there.
func TestCompletionInZsh(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"domprobe expl":          "explain",
		"domprobe --resolver=cl": "oudflare",
		"domprobe -t dev,musi":   "music",
	} {
		script := `domprobe completion zsh >_domprobe
cat >tab.zsh <<'END'
zmodload zsh/zpty
zpty tab zsh -f -i
zpty -w tab 'autoload -Uz compinit; compinit -u -D; source ./_domprobe; PROMPT=REA""DY'
zpty -r -m tab out '*READY*'
zpty -w -n tab $'` + line + `\t'
zpty -r -m tab out '*` + want + `*' && echo completed
zpty -d tab
END
timeout 30 zsh -f tab.zsh`
		if _, out := shell(t, script, "zsh", "zsh"); !strings.Contains(out, "completed") {
			t.Errorf("%s does not become %s: %q", line, want, out)
		}
	}
}

// TestManualPage has the page set by groff, which complains about what it does
// not understand.
func TestManualPage(t *testing.T) {
	t.Parallel()
	_, out := shell(t, "domprobe man | groff -man -Tascii -P-cbou -ww 2>&1", "groff", "groff-base")
	for _, want := range []string{"NAME\n", "SYNOPSIS\n", "DESCRIPTION\n", "OPTIONS\n", "COMMANDS\n", "EXIT STATUS\n", "ENVIRONMENT\n", "FILES\n", "EXAMPLES\n",
		"--stop-after", "render", "130", "Exit codes"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
	if i := strings.Index(out, "warning"); i >= 0 {
		t.Error(out[max(0, i-200):min(len(out), i+200)])
	}
	if !regexp.MustCompile(`SYNOPSIS\n +domprobe \[flags\] KEYWORD\.\.\.\n +domprobe COMMAND \[flags\] \.\.\.\n\n`).MatchString(out) {
		t.Error("no usage in the synopsis")
	}
	// Examples and exit codes stand below one another.
	for _, alike := range []string{`(?m)^( *)domprobe (?:-t dev,io|--resolver demo)`, `(?m)^( *)(?:0|1|130) +(?:every|the|interrupted)`} {
		indents := make(map[string]bool)
		for _, m := range regexp.MustCompile(alike).FindAllStringSubmatch(out, -1) {
			indents[m[1]] = true
		}
		if len(indents) != 1 {
			t.Errorf("the lines of %s have %d different indents", alike, len(indents))
		}
	}
}

// Every example in the document for scripts that needs no more than a shell
// and common tools is run.
func TestDocumentedScripts(t *testing.T) {
	t.Parallel()
	for begin, tt := range map[string]struct {
		program, pkg string
		check        func(dir, out string) bool
	}{
		"tr ": {"xargs", "findutils", func(_, out string) bool {
			return strings.Count(out, "considering word") == 200
		}},
		"domprobe -t com -i words.txt -f jsonl": {"jq", "jq", func(_, out string) bool {
			lines := strings.Split(strings.TrimSpace(out), "\n")
			return len(lines) == 201 && slices.Contains(lines, "word7.com") && strings.HasSuffix(lines[200], "1 com found")
		}},
		"declare -A rows": {"bash", "bash", func(_, out string) bool { return out == "  go.com\n+ banana.com\n  go.com\n" }},
		"cd ~/names": {"mv", "coreutils", func(dir, out string) bool {
			_, err := os.Stat(filepath.Join(dir, "names", "yesterday.csv"))
			return err == nil && strings.Count(out, "\n") == 1 && strings.Contains(out, "word1.com: found -> not-found (nxdomain)\n")
		}},
	} {
		t.Run(tt.program, func(t *testing.T) {
			t.Parallel()
			script := documentedScript(t, "../../docs/scripts.md", begin)
			if dir, out := shell(t, script, tt.program, tt.pkg, "DOMPROBE_QUIET=true"); !tt.check(dir, out) {
				t.Errorf("%s\n%s", script, out)
			}
		})
	}
}
