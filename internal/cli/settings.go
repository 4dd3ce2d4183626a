package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/internal/config"
	"domprobe/internal/term"
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

var ownTables = []string{ownTLDs, ownResolvers, ownAffixes}

// unconfigured are the commands that work whatever is wrong in a file.
var unconfigured = []string{"config", "completion", "man", "help", "version"}

func configured(cmd *command) bool { return !slices.Contains(unconfigured, cmd.Name) }

// projectKeys are the settings that a project's file may have. It comes with
// what was downloaded, so it is not the user's word: none of them runs a command,
// reads or writes a file, listens, or names a host that is told something.
var projectKeys = []string{
	"tld", "tld-preset", "prefix", "suffix", "affixes", "words", "pattern", "min-len", "max-len", "combine", "join",
	"syllables", "blend", "endings", "typos", "hacks", "about", "about-max", "min-score", "best", "stop-after",
	"timeout", "tries", "quorum", "format", "columns", "only", "sort", "ordered",
}

// projectRules says what a project's file may have.
func projectRules() string {
	return "A project's file may come from somebody else. It is named on standard error when it is used, and may have only keys with " +
		"which it can run no command, read or write no file, open no port, and choose no host that is told something: " +
		strings.Join(projectKeys, ", ") + "; [" + ownTLDs + "] and [" + ownAffixes + "]; and resolver with the words " +
		strings.Join(projectResolvers, ", ") + "."
}

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
		case !errors.Is(err, fs.ErrNotExist):
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

// check returns the error of a setting that nothing knows, or that the file may
// not have.
func (f settingsFile) check(s config.Setting, all []*command) error {
	fail := func(hint, format string, args ...any) error {
		return cmdline.Usage(hint, f.where(s)+": "+format, args...)
	}
	if strings.HasPrefix(s.Table, "own.") {
		return f.checkOwn(s, fail)
	}
	tables := append(tablesOf(all), ownTables...)
	if s.Table != "" && !slices.Contains(tables, s.Table) {
		hint := cmdline.Hint(s.Table, tables)
		if slices.Contains(tables, tablePrefix+s.Table) {
			hint = "did you mean " + tablePrefix + s.Table + "?"
		}
		return fail(hint, "unknown table [%s]", s.Table)
	}
	keys, elsewhere := keysOf(s.Table, all)
	switch {
	case !slices.Contains(keys, s.Key) && elsewhere[s.Key] != "":
		return fail("it stands in ["+elsewhere[s.Key]+"]", "unknown key %q", s.Key)
	case !slices.Contains(keys, s.Key):
		return fail(cmdline.Hint(s.Key, keys), "unknown key %q", s.Key)
	case f.project && !slices.Contains(projectKeys, s.Key) && !harmless(s):
		return fail("it can stand in your own file, see domprobe config path", "%s is not for a project's file", s.Key)
	}
	return nil
}

// projectResolvers are the resolvers that a project's file may choose. The demo,
// whose verdicts are made up, is not one of them.
var projectResolvers = []string{"system", "cloudflare", "google", "quad9", "direct", noResolver}

// harmless reports whether a setting chooses such resolvers.
func harmless(s config.Setting) bool {
	return s.Key == "resolver" && !slices.ContainsFunc(s.Values, func(v string) bool { return !slices.Contains(projectResolvers, v) })
}

// tableOf returns the table of a command.
func tableOf(cmd *command) string {
	return tablePrefix + cmp.Or(cmd.Name, mainName)
}

// tablesOf returns the tables of the commands that have settings.
func tablesOf(all []*command) (tables []string) {
	for _, cmd := range all {
		if configured(cmd) {
			tables = append(tables, tableOf(cmd))
		}
	}
	return tables
}

// keysOf returns the keys of a table: above all tables those that mean the same
// to every command, as environment variables do. elsewhere has the table of
// every other key.
func keysOf(table string, all []*command) (keys []string, elsewhere map[string]string) {
	elsewhere = make(map[string]string)
	for _, cmd := range all {
		for _, o := range cmd.Options {
			switch {
			case !configured(cmd) || o.Answers():
			case table == "" && o.Variable() != "", table == tableOf(cmd):
				if !slices.Contains(keys, o.Name) {
					keys = append(keys, o.Name)
				}
			case elsewhere[o.Name] == "":
				elsewhere[o.Name] = tableOf(cmd)
			}
		}
	}
	return keys, elsewhere
}

// checkOwn checks a setting of the user's own words.
func (f settingsFile) checkOwn(s config.Setting, fail func(hint, format string, args ...any) error) error {
	switch {
	case s.Table == ownTLDs:
		if _, err := candidate.New(candidate.Options{TLDs: s.Values}); err != nil {
			return fail("", "%w", err)
		}
	case s.Table == ownAffixes && (s.Key == "prefixes" || s.Key == "suffixes"):
	case s.Table == ownAffixes:
		return fail(cmdline.Hint(s.Key, []string{"prefixes", "suffixes"}), "unknown key %q", s.Key)
	case s.Table == ownResolvers && f.project:
		return fail("they can stand in your own file, see domprobe config path", "resolvers are not for a project's file")
	case s.Table == ownResolvers && slices.Contains(resolverWords, s.Key):
		return fail("", "the resolver %s is the program's", s.Key)
	case s.Table == ownResolvers:
		if _, err := parseServers(s.Values); err != nil {
			return fail("", "%w", err)
		}
	default:
		return fail(cmdline.Hint(s.Table, ownTables), "unknown table [%s]", s.Table)
	}
	return nil
}

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

// announce tells the user about a project's file, which may come from others.
func (c *configuration) announce(console *term.Console) {
	for _, f := range c.files {
		var keys []string
		for _, s := range f.settings {
			keys = append(keys, s.Key)
		}
		if f.project && len(keys) > 0 {
			console.Note("settings of ./%s: %s", f.path, strings.Join(keys, ", "))
		}
	}
}
