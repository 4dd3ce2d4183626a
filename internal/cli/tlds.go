package cli

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
)

func tldsCommand() *command {
	var g generating
	return printing(cmdline.Command{
		Name:     "tlds",
		Summary:  "print the TLDs of a set, or all sets",
		Synopsis: "tlds [flags]",
		Examples: `  domprobe tlds                              # every set, a line each
  domprobe tlds --tld-preset tech            # the TLDs of one, a line each
  domprobe tlds --tld-preset all | wc -l
`,
		Notes: "Sets of your own stand in a file of settings, see domprobe config, or in ~/.config/domprobe/tlds, a line each: \"name: com io dev\". " +
			"The folder is ~/Library/Application Support/domprobe on macOS, %AppData%\\domprobe on Windows, and " +
			"$XDG_CONFIG_HOME/domprobe where that is set.",
		Options: []*cmdline.Option{
			cmdline.List(&g.names.TLDs, "tld", "t", "print these `TLD`s in their A-label form, each once: .io,CO.UK").Offer(candidate.TLDs()...).Local().Common(),
			cmdline.List(&g.presets, "tld-preset", "", "print the TLDs of this `SET`").Offer(candidate.Presets()...).Local().Common(),
			cmdline.Repeated(&g.tldFiles, "tld-file", "", "print the TLDs in this `FILE`; its lines \"name: com io\" are sets for --tld-preset").Local().Common(),
		},
		Exits: map[int]string{codeOK: "the TLDs are printed"},
	}, g.text)
}

// text returns what the command tlds prints.
func (g *generating) text(inv *invocation) (string, error) {
	if len(inv.Words) > 0 {
		return "", cmdline.Usage("try: domprobe tlds --tld-preset "+inv.Words[0], "tlds takes no words")
	}
	tlds, filed, err := g.allTLDs(inv.own.tlds)
	if err != nil {
		return "", err
	}
	gen, err := candidate.New(candidate.Options{TLDs: tlds})
	if err != nil {
		return "", err
	}
	lines := gen.TLDs()
	if len(tlds) == 0 {
		sets, order, err := allSets(inv.own.tlds, filed)
		if err != nil {
			return "", err
		}
		for _, name := range order {
			lines = append(lines, name+": "+strings.Join(sets[name], " "))
		}
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// A tldSets is sets of TLDs by name.
type tldSets map[string][]string

// allTLDs returns the TLDs of --tld, --tld-file and --tld-preset, and the sets
// of --tld-file.
func (g *generating) allTLDs(user tldSets) (tlds []string, filed tldSets, err error) {
	tlds, filed = g.names.TLDs, make(tldSets)
	for _, path := range g.tldFiles {
		bare, sets, err := readTLDs(path)
		if err != nil {
			return nil, nil, err
		}
		tlds = append(tlds, bare...)
		maps.Copy(filed, sets)
	}
	if len(g.presets) == 0 {
		return tlds, filed, nil
	}
	sets, order, err := allSets(user, filed)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range g.presets {
		if sets[name] == nil {
			return nil, nil, cmdline.Unknown("TLD set", name, order)
		}
		tlds = append(tlds, sets[name]...)
	}
	return tlds, filed, nil
}

// allSets returns all sets of TLDs, and their names in order: the built-in
// ones, and after them those of the user's files and of --tld-file. A set of
// the user takes precedence over a built-in one of its name, and then stands
// among those of the user.
func allSets(user, filed tldSets) (sets tldSets, order []string, err error) {
	own := make(tldSets)
	if dir := configFolder(); dir != "" {
		path := filepath.Join(dir, "tlds")
		bare, more, err := readTLDs(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, nil, err
		case len(bare) > 0:
			return nil, nil, cmdline.Usage("", "%s: %s is in no set; a line reads \"name: com io dev\"", path, bare[0])
		}
		maps.Copy(own, more)
	}
	maps.Copy(own, user)
	maps.Copy(own, filed)
	sets = maps.Clone(own)
	for _, name := range candidate.Presets() {
		if own[name] == nil {
			if sets[name], err = candidate.Preset(name); err != nil {
				return nil, nil, err
			}
			order = append(order, name)
		}
	}
	return sets, append(order, slices.Sorted(maps.Keys(own))...), nil
}

// readTLDs reads a file of TLDs and of sets of them.
func readTLDs(path string) (bare []string, sets tldSets, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	sets, err = candidate.ReadPresets(f)
	if is[*candidate.LineError](err) {
		return nil, nil, cmdline.Usage("", "%s: %w", path, err)
	}
	bare = sets[""]
	delete(sets, "")
	return bare, sets, err
}
