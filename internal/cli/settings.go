package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/internal/config"
	"domprobe/internal/term"
	"domprobe/internal/text"
)

const (
	configVariable = "DOMPROBE_CONFIG" // names a file of settings, or none
	projectPath    = ".domprobe.toml"
	tablePrefix    = "command." // before a command's name, which may be that of a flag too
	mainName       = "probe"    // names the main command, which has no name
	ownTLDs        = "own.tlds"
	ownResolvers   = "own.resolvers"
	ownAffixes     = "own.affixes"
)

// unconfigured are the commands that work whatever is wrong in a file.
var unconfigured = []string{"config", "completion", "man", "help", "version"}

func configured(cmd *command) bool { return !slices.Contains(unconfigured, cmd.Name) }

// A settingsFile is a file of settings.
type settingsFile struct {
	path     string
	project  bool
	settings []config.Setting
}

// A configuration is the settings of files, in rising precedence. Its zero value
// has none.
type configuration struct {
	files     []settingsFile
	tlds      map[string][]string // sets by the user's names
	resolvers map[string][]string // by the user's names
	affixes   map[string][]string // prefixes and suffixes of --affixes; nil for the usual ones
}

// configFolder returns the folder of the user's files, and nothing where there
// is no place for it.
func configFolder() string {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // as the XDG Base Directory Specification says
		var err error
		if dir, err = os.UserConfigDir(); err != nil {
			return ""
		}
	}
	return filepath.Join(dir, "domprobe")
}

// configPath returns the name of the user's file of settings.
func configPath() (string, error) {
	dir := configFolder()
	if dir == "" {
		return "", cmdline.Usage("set XDG_CONFIG_HOME or HOME", "there is no folder for settings")
	}
	return filepath.Join(dir, "config.toml"), nil
}

// readFiles reads the files of settings that there are.
func readFiles() (files []settingsFile, err error) {
	named := os.Getenv(configVariable)
	if named == "none" {
		return nil, nil
	}
	usual := []settingsFile{{path: projectPath, project: true}}
	if path, err := configPath(); err == nil {
		usual = slices.Insert(usual, 0, settingsFile{path: path})
	}
	for _, f := range usual {
		f.settings, err = config.Read(f.path)
		switch {
		case err == nil:
			files = append(files, f)
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR): // a HOME of /dev/null
			return nil, mistaken(err)
		}
	}
	if named != "" {
		settings, err := config.Read(named)
		if err != nil {
			return nil, mistaken(fmt.Errorf("%s: %w", configVariable, err))
		}
		files = append(files, settingsFile{path: named, settings: settings})
	}
	return files, nil
}

// mistaken makes a mistake in a file one of the command line.
func mistaken(err error) error {
	if is[*config.Error](err) {
		return cmdline.Usage("", "%w", err)
	}
	return err
}

// load reads the files of settings and checks their keys.
func (c *configuration) load(all []*command) (err error) {
	if c.files, err = readFiles(); err != nil {
		return err
	}
	for _, f := range c.files {
		for _, s := range f.settings {
			if err := f.check(s, all); err != nil {
				return err
			}
			c.keep(s)
		}
	}
	return nil
}

// configure has a command take the settings of files, which are read when the
// command is parsed.
func (c *configuration) configure(cmd *command, all []*command) {
	if configured(cmd) {
		cmd.Files = func() ([][]cmdline.Setting, error) {
			err := c.load(all)
			return c.layers(cmd), err
		}
		cmd.Expand = c.expand
	}
}

// keep keeps what is the user's own.
func (c *configuration) keep(s config.Setting) {
	own := map[string]*map[string][]string{ownTLDs: &c.tlds, ownResolvers: &c.resolvers, ownAffixes: &c.affixes}[s.Table]
	if own == nil {
		return
	}
	if *own == nil {
		*own = make(map[string][]string)
	}
	(*own)[s.Key] = s.Values
}

// where is the file and line of a setting.
func (f settingsFile) where(s config.Setting) string { return fmt.Sprintf("%s:%d", f.path, s.Line) }

// words returns the prefixes and suffixes of --affixes: the user's, or the usual
// ones.
func (c *configuration) words() (prefixes, suffixes []string) {
	if c.affixes != nil {
		return c.affixes["prefixes"], c.affixes["suffixes"]
	}
	return candidate.Affixes()
}

// layers returns the settings of a command, in rising precedence: of each file
// those above all tables, then those of the command's table.
func (c *configuration) layers(cmd *command) (layers [][]cmdline.Setting) {
	for _, f := range c.files {
		for _, table := range []string{"", tableOf(cmd)} {
			var layer []cmdline.Setting
			for _, s := range f.settings {
				i := slices.IndexFunc(cmd.Options, func(o *cmdline.Option) bool { return o.Name == s.Key })
				if s.Table == table && i >= 0 && (table != "" || cmd.Options[i].Variable() != "") {
					layer = append(layer, cmdline.Setting{Option: s.Key, Values: s.Values, From: f.where(s)})
				}
			}
			layers = append(layers, layer)
		}
	}
	return layers
}

// expand returns the resolvers that a value of --resolver stands for, and any
// other value as it is.
func (c *configuration) expand(o *cmdline.Option, value string) []string {
	if o.Name == "resolver" {
		return c.named([]string{value})
	}
	return []string{value}
}

// named returns resolvers, those that the user has named with their values.
func (c *configuration) named(specs []string) (servers []string) {
	for _, spec := range specs {
		if own, ok := c.resolvers[spec]; ok {
			servers = append(servers, own...)
		} else {
			servers = append(servers, spec)
		}
	}
	return servers
}

// offer has completion offer the user's names for resolvers and TLD sets.
func (c *configuration) offer(all []*command) {
	for _, cmd := range all {
		for _, o := range cmd.Options {
			switch o.Name {
			case "resolver":
				o.Offer(append(slices.Sorted(maps.Keys(c.resolvers)), resolverWords...)...)
			case "tld-preset":
				o.Offer(append(slices.Sorted(maps.Keys(c.tlds)), candidate.Presets()...)...)
			}
		}
	}
}

// announce tells the user about a project's file, which may come from others.
func (c *configuration) announce(console *term.Console) {
	for _, f := range c.files {
		keys := text.Of(f.settings, func(s config.Setting) string { return s.Key })
		if f.project && len(keys) > 0 {
			console.Note("settings of ./%s: %s", f.path, strings.Join(keys, ", "))
		}
	}
}
