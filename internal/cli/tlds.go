package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"domprobe/candidate"
)

// tldsCommand prints what TLDs a set has.
func tldsCommand() *command {
	return &command{
		name:     "tlds",
		summary:  "print the TLDs of a set, or all sets",
		synopsis: "tlds [flags]",
		examples: `  domprobe tlds                              # every set, a line each
  domprobe tlds --tld-preset tech            # the TLDs of one, a line each
  domprobe tlds --tld-preset all | wc -l

Sets of your own go to ~/.config/domprobe/tlds, a line each: "name: com io dev".
The folder is ~/Library/Application Support/domprobe on macOS and %AppData%\domprobe
on Windows, and $XDG_CONFIG_HOME/domprobe where that is set.
`,
		flags: slices.Concat([]cli.Flag{
			local(list("tld", "t", "print these `TLD`s as they are understood, each once: .io,CO.UK")),
			local(list("tld-preset", "", "print the TLDs of this `SET`")),
			local(list("tld-file", "", "print the TLDs in this `FILE`; its lines \"name: com io\" are sets for --tld-preset")),
		}, consoleFlags()),
		exits: map[int]string{
			codeOK:          "the TLDs are printed",
			codeInterrupted: "interrupted",
		},
		run: interruptible(runTLDs),
	}
}

func runTLDs(_ context.Context, inv *invocation) error {
	if len(inv.args) > 0 {
		return usageError("try: domprobe tlds --tld-preset "+inv.args[0], "tlds takes no words")
	}
	typed, err := parseTLDs(inv.flags)
	if err != nil {
		return err
	}
	gen, err := candidate.New(candidate.Options{TLDs: typed})
	if err != nil {
		return usageError("", "%w", err)
	}
	var b strings.Builder
	if inv.flags.IsSet("tld") || inv.flags.IsSet("tld-preset") || len(typed) > 0 {
		for _, tld := range gen.TLDs() {
			fmt.Fprintln(&b, tld)
		}
	} else if err := writeSets(&b, inv.flags); err != nil {
		return err
	}
	_, err = inv.std.Out.Write([]byte(b.String()))
	return err
}

// writeSets writes every set as a line of a file of sets.
func writeSets(b *strings.Builder, flags *cli.Context) error {
	own, err := ownSets(flags)
	if err != nil {
		return err
	}
	for _, name := range candidate.Presets() {
		if own[name] == nil {
			tlds, err := candidate.Preset(name)
			if err != nil {
				return err
			}
			fmt.Fprintf(b, "%s: %s\n", name, strings.Join(tlds, " "))
		}
	}
	var names []string
	for name := range own {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(b, "%s: %s\n", name, strings.Join(own[name], " "))
	}
	return nil
}

// parseTLDs returns the TLDs that --tld, --tld-preset and --tld-file name.
func parseTLDs(flags *cli.Context) ([]string, error) {
	tlds := values(flags, "tld")
	for _, path := range flags.StringSlice("tld-file") {
		more, _, err := readTLDs(path)
		if err != nil {
			return nil, err
		}
		tlds = append(tlds, more...)
	}
	wanted := values(flags, "tld-preset")
	if len(wanted) == 0 {
		return tlds, nil
	}
	own, err := ownSets(flags)
	if err != nil {
		return nil, err
	}
	for _, name := range wanted {
		set := own[name]
		if set == nil {
			if set, err = candidate.Preset(name); err != nil {
				return nil, unknownSet(name, own)
			}
		}
		tlds = append(tlds, set...)
	}
	return tlds, nil
}

func unknownSet(name string, own map[string][]string) error {
	known := candidate.Presets()
	for name := range own {
		if !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	slices.Sort(known[len(candidate.Presets()):])
	return usageError("", "unknown TLD set %q (known: %s)", name, strings.Join(known, ", "))
}

// ownSets returns the sets of the user's file and, before those, of --tld-file.
func ownSets(flags *cli.Context) (map[string][]string, error) {
	sets := make(map[string][]string)
	if path := ownSetsPath(); path != "" {
		bare, own, err := readTLDs(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case len(bare) > 0:
			return nil, usageError("", "%s: %s is in no set; a line reads \"name: com io dev\"", path, bare[0])
		default:
			sets = own
		}
	}
	for _, path := range flags.StringSlice("tld-file") {
		_, more, err := readTLDs(path)
		if err != nil {
			return nil, err
		}
		for name, tlds := range more {
			sets[name] = tlds
		}
	}
	return sets, nil
}

// ownSetsPath returns the name of the user's file of sets, or nothing where
// there is no place for it.
func ownSetsPath() string {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // as the XDG Base Directory Specification says
		var err error
		if dir, err = os.UserConfigDir(); err != nil {
			return ""
		}
	}
	return filepath.Join(dir, "domprobe", "tlds")
}

// readTLDs reads a file of TLDs and of sets of them.
func readTLDs(path string) (bare []string, sets map[string][]string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	sets, err = candidate.ReadPresets(f)
	var line *candidate.LineError
	if errors.As(err, &line) {
		return nil, nil, usageError("", "%s: %w", path, err)
	}
	if err != nil {
		return nil, nil, err
	}
	bare = sets[""]
	delete(sets, "")
	return bare, sets, nil
}
