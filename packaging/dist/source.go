package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The programs that are run, and that nothing imports. The versions of nfpm after
// this one need modules that not every proxy of Go modules has.
const (
	nfpm      = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2"
	cyclonedx = "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0"
)

// A source is a clone of the repository. It holds the last commit and no other
// file, and Go finds the version, the commit and its date there.
type source struct{ dir string }

// checkOut clones the repository of the working directory.
func checkOut(ctx context.Context, dir string) (*source, error) {
	top, err := output(ctx, ".", nil, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	repository := strings.TrimSpace(top)
	if changed, err := output(ctx, repository, nil, "git", "status", "--porcelain"); err != nil {
		return nil, err
	} else if changed != "" {
		fmt.Fprint(os.Stderr, "dist: not in the release, because they are not committed:\n", changed)
	}
	if _, err := output(ctx, ".", nil, "git", "clone", "--quiet", repository, dir); err != nil {
		return nil, err
	}
	// What is made here is no change of the commit.
	return &source{dir}, os.WriteFile(filepath.Join(dir, ".git", "info", "exclude"), []byte("*\n"), 0o666)
}

// install builds the programs that are run.
func (r *release) install(ctx context.Context) error {
	for _, tool := range []string{nfpm, cyclonedx} {
		// What describes a release names them with the sum of their bytes.
		env := []string{"GOBIN=" + r.tools, "GOFLAGS=-trimpath", "CGO_ENABLED=0"}
		if _, err := output(ctx, os.TempDir(), env, "go", "install", tool); err != nil {
			return err
		}
	}
	return nil
}

// tool runs a program that install has built, in the clone.
func (r *release) tool(ctx context.Context, env []string, name string, args ...string) error {
	_, err := output(ctx, r.dir, env, filepath.Join(r.tools, name), args...)
	return err
}

// output runs a command and returns its standard output.
func output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), &out, &stderr
	if err := cmd.Run(); err != nil {
		line := strings.Join(append([]string{filepath.Base(name)}, args...), " ")
		return "", fmt.Errorf("running %s: %w\n%s%s", line, err, stderr.Bytes(), out.Bytes())
	}
	return out.String(), nil
}
