package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

// packages makes the .deb and the .rpm of a target. Its paths are those of
// packaging/nfpm.yaml.
func (r *release) packages(ctx context.Context, t target, binary string) error {
	arch := strings.Replace(t.arch, "armv7", "arm7", 1)
	date := strconv.FormatInt(r.build.date.Unix(), 10)
	for _, kind := range []string{"deb", "rpm"} {
		env := []string{"ARCH=" + arch, "VERSION=" + r.build.version, "BINARY=" + binary, "HOME_PAGE=" + r.home,
			"SOURCE_DATE_EPOCH=" + date}
		path := filepath.Join(r.out, r.name(t)+"."+kind)
		if err := r.tool(ctx, env, "nfpm", "package", "-f", "packaging/nfpm.yaml", "-p", kind, "-t", path); err != nil {
			return err
		}
	}
	return nil
}

// components writes the list of the modules in a binary, as CycloneDX.
func (r *release) components(ctx context.Context, t target, binary string) error {
	path := filepath.Join(r.out, r.name(t)+".cdx.json")
	return r.tool(ctx, nil, "cyclonedx-gomod", "bin", "-json", "-std", "-noserial", "-notimestamp",
		"-version", "v"+r.build.version, "-output", path, binary)
}

// finish writes the formula, and the sums of all files.
func (r *release) finish() error {
	sums, err := r.sums()
	if err != nil {
		return err
	}
	formula, err := r.formula(sums)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.out, "domprobe.rb"), formula, 0o666); err != nil {
		return err
	}
	if sums, err = r.sums(); err != nil {
		return err
	}
	var b strings.Builder
	for _, s := range sums {
		fmt.Fprintf(&b, "%x  %s\n", s.sum, s.name)
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(b.String()), 0o666)
}

// A sum is that of a file of the release.
type sum struct {
	name string
	sum  [sha256.Size]byte
}

// sums returns the sums of all files but SHA256SUMS, in the order of their names.
func (r *release) sums() (sums []sum, err error) {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "domprobe") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(r.out, e.Name()))
		if err != nil {
			return nil, err
		}
		sums = append(sums, sum{e.Name(), sha256.Sum256(text)})
	}
	return sums, nil
}

// formula returns the Homebrew formula. A target that was not made has no sum in it.
func (r *release) formula(sums []sum) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(r.dir, "packaging", "domprobe.rb.tmpl"))
	if err != nil {
		return nil, err
	}
	parsed, err := template.New("formula").Funcs(template.FuncMap{"sum": func(system, arch string) string {
		for _, s := range sums {
			if s.name == r.name(target{system, arch})+".tar.gz" {
				return fmt.Sprintf("%x", s.sum)
			}
		}
		return ""
	}}).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	err = parsed.Execute(&b, map[string]string{"Home": r.home, "Version": r.build.version})
	return []byte(b.String()), err
}
