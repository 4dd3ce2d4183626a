package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A target is a system that a binary runs on.
type target struct{ os, arch string }

var (
	targets = []target{
		{"linux", "amd64"}, {"linux", "arm64"}, {"linux", "386"}, {"linux", "armv7"},
		{"darwin", "amd64"}, {"darwin", "arm64"},
		{"windows", "amd64"}, {"windows", "arm64"},
		{"freebsd", "amd64"}, {"freebsd", "arm64"},
	}
	host = target{runtime.GOOS, runtime.GOARCH}
)

func (t target) String() string { return t.os + "/" + t.arch }

// choose returns the targets of a list, which are all by default.
func choose(list string) (chosen []target, err error) {
	if list == "" {
		return targets, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(targets, func(t target) bool { return t.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown target %q (known: %s)", name, strings.Trim(fmt.Sprint(targets), "[]"))
		}
		chosen = append(chosen, targets[i])
	}
	return chosen, nil
}

// program is the name of the binary.
func (t target) program() string {
	if t.os == "windows" {
		return "domprobe.exe"
	}
	return "domprobe"
}

func (t target) env() []string {
	arch, arm := t.arch, ""
	if t.arch == "armv7" {
		arch, arm = "arm", "7"
	}
	// The variables of the user that change a binary have their defaults.
	return []string{"GOOS=" + t.os, "GOARCH=" + arch, "GOARM=" + arm, "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=",
		"GOAMD64=", "GOARM64=", "GO386=", "GOFIPS140=", "GOWORK=off"}
}

// compile builds a binary.
func (s *source) compile(ctx context.Context, t target, path string) error {
	_, err := output(ctx, s.dir, t.env(), "go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", path, ".")
	return err
}

// A build is what Go has recorded about a binary.
type build struct {
	version string // without the v
	date    time.Time
}

func readBuild(path string) (b build, err error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return b, err
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.time":
			b.date, err = time.Parse(time.RFC3339, s.Value)
		case s.Key == "vcs.modified" && s.Value == "true":
			err = fmt.Errorf("%s is not built from a commit", path)
		}
		if err != nil {
			return b, err
		}
	}
	var tagged bool
	if b.version, tagged = strings.CutPrefix(info.Main.Version, "v"); !tagged || b.date.IsZero() {
		return b, fmt.Errorf("%s has no version (%q) or no date", path, info.Main.Version)
	}
	return b, nil
}
