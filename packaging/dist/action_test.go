package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The scripts of the GitHub Action build the command, probe, annotate, and end
// with the exit code of domprobe, as they would in a job.
func TestAction(t *testing.T) {
	installed(t, "jq", "jq")
	installed(t, "bash", "bash")
	dir := t.TempDir()
	action, err := filepath.Abs("../action")
	if err != nil {
		t.Fatal(err)
	}
	run := func(script string, env ...string) (string, int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(action, script))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "domprobe-bin")+":"+os.Getenv("PATH"), "RUNNER_TEMP="+dir,
			"GITHUB_ACTION_PATH="+action, "GITHUB_PATH="+filepath.Join(dir, "path"),
			"GITHUB_OUTPUT="+filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary"))
		cmd.Env = append(cmd.Env, env...)
		out, err := cmd.Output()
		if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, code := run("install.sh", "VERSION=", "REPOSITORY="); code != 0 {
		t.Fatalf("exit code %d, %s", code, out)
	}
	for _, tt := range []struct {
		names, expect, flags string
		code                 int
		annotation           string
	}{
		{"go.dev", "found", "-r demo", 0, ""},
		{"go.dev\nqxvzkwj.dev\n", "found", "-r demo", 5, "qxvzkwj.dev is not-found (nxdomain), expected found"},
		{"go\nqxvzkwj", "not-found", "-r demo\n-t dev", 5, "go.dev is found (exists), expected not-found"},
		{"go", "found", "-r demo --nonsense", 2, ""},
	} {
		out, code := run("probe.sh", "NAMES="+tt.names, "EXPECT="+tt.expect, "FLAGS="+tt.flags)
		want := ""
		if tt.annotation != "" {
			want = "::error title=domprobe::" + tt.annotation + "\n"
		}
		if code != tt.code || out != want {
			t.Errorf("%q: exit code %d, want %d; %q", tt.names, code, tt.code, out)
		}
	}
	outputs, err := os.ReadFile(filepath.Join(dir, "output"))
	if err != nil || !strings.HasPrefix(string(outputs), "report="+filepath.Join(dir, "domprobe.jsonl")+"\n") {
		t.Errorf("the outputs are %q, %v", outputs, err)
	}
	summary, err := os.ReadFile(filepath.Join(dir, "summary"))
	if err != nil || !strings.Contains(string(summary), "qxvzkwj") {
		t.Errorf("the summary is %q, %v", summary, err)
	}
}

// A release of another sum than its list has is not installed.
func TestActionChecksTheSum(t *testing.T) {
	installed(t, "curl", "curl")
	installed(t, "sha256sum", "coreutils")
	installed(t, "bash", "bash")
	for _, tt := range []struct {
		sum  string
		good bool
	}{
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false}, // of nothing
		{"", true}, // the right one
	} {
		dir := t.TempDir()
		release := filepath.Join(dir, "releases", "download", "v1.2.3")
		name := "domprobe_1.2.3_linux_amd64"
		script := `set -e; mkdir -p "$1" stage/` + name + `; echo '#!/bin/sh' >stage/` + name + `/domprobe
			tar -czf "$1/` + name + `.tar.gz" -C stage ` + name + `; cd "$1"; sha256sum *.tar.gz >SHA256SUMS`
		pack := exec.CommandContext(t.Context(), "bash", "-c", script, "bash", release)
		pack.Dir = dir
		if out, err := pack.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if tt.sum != "" {
			line := tt.sum + "  " + name + ".tar.gz\n"
			if err := os.WriteFile(filepath.Join(release, "SHA256SUMS"), []byte(line), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), "../action/install.sh")
		cmd.Env = append(os.Environ(), "VERSION=1.2.3", "REPOSITORY=file://"+dir, "RUNNER_OS=Linux", "RUNNER_ARCH=X64",
			"RUNNER_TEMP="+dir, "GITHUB_PATH="+filepath.Join(dir, "path"))
		out, err := cmd.CombinedOutput()
		_, there := os.Stat(filepath.Join(dir, "domprobe-bin", "domprobe"))
		if (err == nil) != tt.good || (there == nil) != tt.good {
			t.Errorf("sum %q: %v, %v\n%s", tt.sum, err, there, out)
		}
	}
}
