// Command dist makes the files of a release from the last commit:
//
//	go run ./packaging/dist -o dist
//
// For each target there is an archive and a list of its components (a software
// bill of materials), and for Linux a .deb and a .rpm. A Homebrew formula and
// SHA256SUMS are about all of them. The same commit and the same version of Go
// give the same bytes, on any machine and in any folder.
//
//	main.go      the steps, in their order
//	source.go    the commit that is built, and the programs that are run
//	target.go    the binaries
//	document.go  the files beside a binary
//	licence.go   the licences of all that is in it
//	archive.go   .tar.gz and .zip
//	package.go   .deb, .rpm, components, formula, sums
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// home is where releases are downloaded from. The project has no home yet: see
// CONTRIBUTING.md.
const home = "https://domprobe.example"

func main() {
	out := flag.String("o", "dist", "make the files in this `FOLDER`, in place of those of an earlier release")
	only := flag.String("targets", "", "make those of these `TARGETS` only: linux/amd64,linux/armv7")
	at := flag.String("home", home, "the formula downloads from this `URL`/releases/download/VERSION")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *only, *at); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, only, home string) (err error) {
	targets, err := choose(only)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "domprobe-dist-")
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(work)) }()
	src, err := checkOut(ctx, filepath.Join(work, "src"))
	if err != nil {
		return err
	}
	r := &release{source: src, tools: filepath.Join(work, "tools"), home: home}
	if r.out, err = filepath.Abs(out); err != nil {
		return err
	}
	if err := r.clear(); err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	for _, t := range targets {
		fmt.Println(t)
		if err := r.make(ctx, t); err != nil {
			return fmt.Errorf("making %s: %w", t, err)
		}
	}
	return r.finish()
}

// A release is what is made of a commit.
type release struct {
	*source
	tools string // the folder of the programs that are run
	out   string
	home  string
	build build
	files []file // beside each binary
}

// clear makes the folder, and removes the files of an earlier release from it.
func (r *release) clear() error {
	if err := os.MkdirAll(r.out, 0o777); err != nil {
		return err
	}
	sums, err := r.sums()
	for _, s := range sums {
		err = cmp.Or(err, os.Remove(filepath.Join(r.out, s.name)))
	}
	return err
}

// prepare makes what all targets have in common.
func (r *release) prepare(ctx context.Context) error {
	if err := r.install(ctx); err != nil {
		return err
	}
	own := filepath.Join(r.dir, "domprobe.own")
	if err := r.compile(ctx, host, own); err != nil {
		return err
	}
	var err error
	if r.build, err = readBuild(own); err != nil {
		return err
	}
	r.files, err = r.documents(ctx, own)
	return err
}

// make makes all files of a target.
func (r *release) make(ctx context.Context, t target) error {
	binary := filepath.Join(r.dir, "bin", t.String(), t.program())
	if err := r.compile(ctx, t, binary); err != nil {
		return err
	}
	switch b, err := readBuild(binary); {
	case err != nil:
		return err
	case b.version != r.build.version:
		return fmt.Errorf("the version in the binary is %q, want %q", b.version, r.build.version)
	}
	if err := r.archive(t, binary); err != nil {
		return err
	}
	if err := r.components(ctx, t, binary); err != nil {
		return err
	}
	if t.os != "linux" {
		return nil
	}
	return r.packages(ctx, t, binary)
}

// name is the name of a file of a target, without its ending.
func (r *release) name(t target) string {
	return strings.Join([]string{"domprobe", r.build.version, t.os, t.arch}, "_")
}
