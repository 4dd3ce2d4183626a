package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"domprobe/internal/cmdline"
	"domprobe/internal/config"
)

// A setting up is the settings of the command config.
type settingUp struct{ format string }

var configParts = []string{"init", "show", "path", "check"}

// configCommand makes, shows and checks files of settings.
func configCommand() *command {
	c := new(settingUp)
	return &command{Command: cmdline.Command{
		Name:     "config",
		Summary:  "make, show and check files of settings",
		Synopsis: "config init [TLD...] | config show [COMMAND] | config path | config check [FILE...]",
		Examples: `  domprobe config init com dev io         # domprobe go then just works
  domprobe config show                    # each value, and where it comes from
  domprobe config show serve
  domprobe config check
  domprobe config path
`,
		Notes: "init writes a file in which every flag stands as a comment, and these TLDs as the default. " +
			"show prints the values of a command, by default those of a search; a secret is hidden. " +
			"path prints the name of your own file. " +
			"check finds every mistake in the files that are used, or in those named.",
		Words:   configParts,
		Options: []*cmdline.Option{tableFormat(&c.format, "table", "json")},
		Exits: map[int]string{
			codeOK:     "the file is written, shown or right",
			codeFailed: "the run failed: a file, the disk; init: the file is there already",
			codeUsage:  "a file has a mistake, or the command line makes no sense",
		},
	}, run: interruptible(c.run)}
}

func (c *settingUp) run(inv *invocation) error {
	if len(inv.Words) == 0 {
		return cmdline.Usage("try: domprobe config show", "config needs a word: init, show, path or check")
	}
	word, rest := inv.Words[0], inv.Words[1:]
	switch {
	case word == "init":
		return c.init(inv, rest)
	case word == "check":
		return c.check(inv, rest)
	case word == "show" && len(rest) <= 1:
		return c.show(inv, strings.Join(rest, ""))
	case word == "path" && len(rest) == 0:
		path, err := configPath()
		if err != nil {
			return err
		}
		return inv.print(path + "\n")
	case word == "show" || word == "path":
		return cmdline.Usage("", "config %s does not take %q", word, strings.Join(rest, " "))
	}
	return cmdline.Unknown("word for config", word, configParts)
}

// init writes a file of settings where there is none.
func (c *settingUp) init(inv *invocation, tlds []string) error {
	path, err := configPath()
	if err != nil {
		return err
	}
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("%s is there already; domprobe config show tells what it says", path)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := writeTLDs(path, tlds); err != nil {
		return err
	}
	inv.console.Note("%s is written", path)
	return nil
}

// A shown is a line of config show.
type shown struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	From  string `json:"from"`
}

// show prints the values of a command, and where they come from.
func (c *settingUp) show(inv *invocation, name string) error {
	all := commands()
	i := slices.IndexFunc(all, func(cmd *command) bool {
		return configured(cmd) && (name == cmd.Name || tablePrefix+name == tableOf(cmd))
	})
	if i < 0 {
		return cmdline.Unknown("command", name, namesOf(all))
	}
	cmd := all[i]
	var own configuration
	own.configure(cmd, all)
	if _, err := cmd.Parse(nil); err != nil {
		return err
	}
	lines := []shown{}
	for _, o := range cmd.Options {
		source := o.Source()
		switch {
		case source.Text != "" && o.IsSecret():
			lines = append(lines, shown{o.Name, "(secret)", source.Text})
		case source.Text != "":
			lines = append(lines, shown{o.Name, strings.Join(source.Values, ","), source.Text})
		case o.Default() != "":
			lines = append(lines, shown{o.Name, o.Default(), "default"})
		}
	}
	for _, f := range own.files {
		for _, s := range f.settings {
			if slices.Contains(ownTables, s.Table) {
				lines = append(lines, shown{s.Table + "." + s.Key, strings.Join(s.Values, ","), f.where(s)})
			}
		}
	}
	if c.format == "json" {
		return writeJSON(inv.std.Out, lines)
	}
	cells := [][]string{{"KEY", "VALUE", "FROM"}}
	for _, l := range lines {
		cells = append(cells, []string{l.Key, l.Value, l.From})
	}
	return writeTable(inv.std.Out, cells)
}

// check prints every mistake in the files of settings.
func (c *settingUp) check(inv *invocation, paths []string) error {
	var files []settingsFile
	var err error
	if len(paths) == 0 {
		if files, err = readFiles(); err != nil {
			return err
		}
	}
	for _, path := range paths {
		settings, err := config.Read(path)
		if err != nil {
			return mistaken(err)
		}
		files = append(files, settingsFile{path: path, settings: settings})
	}
	own := new(configuration)
	var mistakes []error
	for _, f := range files {
		for _, s := range f.settings {
			own.keep(s)
		}
		for _, s := range f.settings {
			if err := f.try(s, own); err != nil {
				mistakes = append(mistakes, err)
			}
		}
	}
	if last := len(mistakes) - 1; last >= 0 {
		for _, err := range mistakes[:last] {
			inv.console.Print(withHint(err).Error())
		}
		return mistakes[last]
	}
	if len(files) == 0 {
		inv.console.Note("there is no file of settings; domprobe config init writes one")
	}
	for _, f := range files {
		if err := inv.print(fmt.Sprintf("%s: %s\n", f.path, plural(int64(len(f.settings)), "setting"))); err != nil {
			return err
		}
	}
	return nil
}

// try returns the error of a setting, its value included.
func (f settingsFile) try(s config.Setting, own *configuration) error {
	all := commands()
	if err := f.check(s, all); err != nil || slices.Contains(ownTables, s.Table) {
		return err
	}
	value := cmdline.Setting{Option: s.Key, Values: s.Values, From: f.where(s)}
	for _, cmd := range all {
		keys, _ := keysOf(s.Table, []*command{cmd})
		if !slices.Contains(keys, s.Key) {
			continue
		}
		if err := cmd.Check(value); err != nil {
			return err
		}
	}
	return own.meets(s, f.where(s))
}

// meets returns the error of a value that names what there is not.
func (c *configuration) meets(s config.Setting, where string) error {
	switch s.Key {
	case "resolver":
		if _, err := parseServers(c.named(s.Values)); err != nil {
			return cmdline.Usage("", "%s: %w", where, err)
		}
	case "tld-preset":
		sets, order, err := allSets(c.tlds, nil)
		if err != nil {
			return err
		}
		for _, v := range s.Values {
			for name := range strings.SplitSeq(v, ",") {
				if name = strings.TrimSpace(name); sets[name] == nil {
					return cmdline.Usage(cmdline.Hint(name, order), "%s: unknown TLD set %q", where, name)
				}
			}
		}
	}
	return nil
}
