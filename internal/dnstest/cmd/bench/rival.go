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

// rivals are the flags of other clients, for files in their directory.
func rivals() map[string]string {
	return map[string]string{
		"massdns": "-r resolvers.txt -t DS -o J -s 1000 -q --root domains.txt",
		"dnsx":    "-l domains.txt -r resolvers.txt -ns -t 1000 -retry 1 -json -omit-raw -silent -duc",
		"zdns":    "DS -f domains.txt --name-servers @resolvers.txt --threads 1000 --retries 0",
	}
}

// rivalPath returns the path of another client, or an error if it is not installed.
func rivalPath(name string) (string, error) {
	return exec.LookPath(cmp.Or(os.Getenv(strings.ToUpper(name)), name))
}

// runRival runs another client, which must print a line about every second name at least.
func runRival(ctx context.Context, dir, name string, names int, addr string) (f figures, err error) {
	program, err := rivalPath(name)
	if err != nil {
		return f, err
	}
	err = errors.Join(writeNames(filepath.Join(dir, "domains.txt"), names, ".com"),
		os.WriteFile(filepath.Join(dir, "resolvers.txt"), []byte(addr+"\n"), 0o600))
	if err != nil {
		return f, err
	}
	if f, err = execute(ctx, dir, program, strings.Fields(rivals()[name])...); err != nil {
		return f, err
	}
	text, err := os.ReadFile(filepath.Join(dir, output))
	if n := bytes.Count(text, []byte("\n")); err == nil && n < names/2 {
		err = fmt.Errorf("%s printed %d lines about %d names", name, n, names)
	}
	return f, err
}
