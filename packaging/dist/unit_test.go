package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"domprobe/internal/dnstest/daemon"
)

// installed skips the test, or fails it, if a program is not installed.
func installed(t *testing.T, program, debian string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		daemon.Missing(t, program+" is not installed: apt-get install "+debian)
	}
}

// units returns the paths of the systemd units.
func units(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../systemd/*.service")
	if err != nil || len(paths) != 3 {
		t.Fatalf("%q, %v; want three units", paths, err)
	}
	return paths
}

// A unit reaches the network and little else.
func TestUnitsAreHardened(t *testing.T) {
	installed(t, "systemd-analyze", "systemd")
	for _, path := range units(t) {
		// The threshold is in tenths.
		cmd := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20", path)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "Overall exposure level") {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}

// systemd understands every line of the units, with the binary in its place.
func TestUnitsVerify(t *testing.T) {
	installed(t, "systemd-analyze", "systemd")
	for _, path := range units(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		program, err := exec.LookPath("true")
		if err != nil {
			t.Fatal(err)
		}
		there := strings.Replace(string(text), "ExecStart=/usr/bin/domprobe ", "ExecStart="+program+" ", 1)
		if there == string(text) {
			t.Errorf("%s does not start /usr/bin/domprobe", path)
		}
		copied := filepath.Join(t.TempDir(), filepath.Base(path))
		if err := os.WriteFile(copied, []byte(there), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", copied).CombinedOutput()
		if err != nil || strings.Contains(string(out), filepath.Base(path)) {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}

// rooms are the folders of the commands that units start.
var rooms = map[string]string{"serve": "web", "watch": "watch", "work": "herd"}

// The commands that the units start, their flags, and the variables in their
// settings are those of the command.
func TestUnitsStartCommands(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "domprobe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, path := range units(t) {
		unit, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		start := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/domprobe (\w+)(.*)$`).FindStringSubmatch(string(unit))
		conf := regexp.MustCompile(`(?m)^EnvironmentFile=-/etc/domprobe/(.*)$`).FindStringSubmatch(string(unit))
		if start == nil || conf == nil {
			t.Fatalf("%s starts no command, or has no settings", path)
		}
		settings, err := os.ReadFile(filepath.Join("../systemd", conf[1]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join("../..", rooms[start[1]])); errors.Is(err, fs.ErrNotExist) {
			continue // the command is not there either
		}
		help, err := exec.CommandContext(t.Context(), binary, "help", start[1]).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", path, err, help)
			continue
		}
		flags := regexp.MustCompile(` (--?[a-z-]+)`).FindAllStringSubmatch(start[2], -1)
		for _, variable := range regexp.MustCompile(`(?m)^#DOMPROBE_([A-Z_]+)=`).FindAllStringSubmatch(string(settings), -1) {
			flags = append(flags, []string{"", "--" + strings.ToLower(strings.ReplaceAll(variable[1], "_", "-"))})
		}
		for _, flag := range flags {
			if !regexp.MustCompile(`(?m)(^|[ ,])` + flag[1] + `\b`).Match(help) {
				t.Errorf("%s: domprobe %s has no flag %s", path, start[1], flag[1])
			}
		}
	}
}
