package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A rival is another client, with its flags for files in its directory.
type rival struct {
	program string
	flags   string
	least   int // lines that it prints for each hundred names
}

func rivals() map[string]rival {
	const dns = "-r resolvers.txt -t DS -s 1000 -q --root domains.txt"
	return map[string]rival{
		"massdns":      {"massdns", "-o J " + dns, 50},
		"massdns-list": {"massdns", "-o L0 " + dns, 25},
		"dnsx":         {"dnsx", "-l domains.txt -r resolvers.txt -ns -t 1000 -retry 1 -json -omit-raw -silent -duc", 50},
		"zdns":         {"zdns", "DS -f domains.txt --name-servers @resolvers.txt --threads 1000 --retries 0", 50},
		"floor":        {"floor", "256 resolvers.txt domains.txt", 0},
	}
}

// path returns the path of another client, or an error if it is not installed. The
// floor is compiled into the directory.
func (r rival) path(ctx context.Context, dir string) (string, error) {
	if r.program != "floor" {
		return exec.LookPath(cmp.Or(os.Getenv(strings.ToUpper(r.program)), r.program))
	}
	path := filepath.Join(dir, r.program)
	if out, err := exec.CommandContext(ctx, "cc", "-O2", "-o", path, floorSource).CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling %s: %w\n%s", floorSource, err, out)
	}
	return path, nil
}

const floorSource = "internal/dnstest/cmd/bench/testdata/floor.c"

// runRival runs another client, which must print as many lines as it does usually.
func runRival(ctx context.Context, dir, name string, names int, addr string) (f figures, err error) {
	r := rivals()[name]
	program, err := r.path(ctx, dir)
	if err != nil {
		return f, err
	}
	err = errors.Join(writeNames(filepath.Join(dir, "domains.txt"), names, ".com"),
		os.WriteFile(filepath.Join(dir, "resolvers.txt"), []byte(addr+"\n"), 0o600))
	if err != nil {
		return f, err
	}
	if f, err = execute(ctx, dir, program, strings.Fields(r.flags)...); err != nil {
		return f, err
	}
	text, err := os.ReadFile(filepath.Join(dir, output))
	if n := bytes.Count(text, []byte("\n")); err == nil && n < names*r.least/100 {
		err = fmt.Errorf("%s printed %d lines about %d names", name, n, names)
	}
	return f, err
}
