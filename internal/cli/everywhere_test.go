package cli

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"domprobe/internal/cmdline"
)

// sampleValues are values, of which each option takes one.
var sampleValues = []string{
	"true", "1", "2", "auto", "2s", "90d", "1000ms", "csv", "found", "dev", "rdap", "3/16", "domain", "name", "x.csv", "text", "table",
	"names", "columns", "2026-11-28", "EUR1000", "30m", "go", "tech", "json",
}

// sampleOf returns a value that the option of a new command takes.
func sampleOf(t *testing.T, at int, name string) string {
	t.Helper()
	cmd := commands()[at]
	for _, value := range sampleValues {
		if cmd.Check(cmdline.Setting{Option: name, Values: []string{value}, From: "x:1"}) == nil {
			return value
		}
	}
	t.Fatalf("--%s takes none of %q", name, sampleValues)
	return ""
}

// sourceOf returns where the value of a command's option comes from.
func sourceOf(t *testing.T, at int, name string, args ...string) cmdline.Source {
	t.Helper()
	all := commands()
	var own configuration
	own.configure(all[at], all)
	if _, err := all[at].Parse(args); err != nil {
		t.Errorf("%s --%s: %v", all[at].Name, name, err)
	}
	i := slices.IndexFunc(all[at].Options, func(o *cmdline.Option) bool { return o.Name == name })
	return all[at].Options[i].Source()
}

// Every flag is in help, reference, manual page and completion, and has its
// key, and its variable if it has one: all set the same.
func TestFlagsEverywhere(t *testing.T) {
	manual := strings.ReplaceAll(man(), `\-`, "-")
	help := regexp.MustCompile(`\s+`)
	for at, cmd := range commands() {
		text := help.ReplaceAllString(cmd.Help(true, 100), " ")
		section := reference()
		if cmd.Name != "" {
			_, section, _ = strings.Cut(section, "### domprobe "+cmd.Name+"\n")
			section, _, _ = strings.Cut(section, "\n##")
		}
		var completed strings.Builder
		if err := cmdline.Complete(&completed, plain(commands()), []string{firstWord(cmd.Name), "--"}); err != nil {
			t.Fatal(err)
		}
		for _, o := range cmd.Options {
			flag := "--" + o.Name
			for place, has := range map[string]bool{
				"help":       strings.Contains(text, o.Spelling()+" "),
				"reference":  regexp.MustCompile(flag + `\b[^-]`).MatchString(section),
				"manual":     strings.Contains(manual, flag),
				"completion": slices.Contains(strings.Fields(completed.String()), flag),
			} {
				if !has {
					t.Errorf("%s: %s is not in the %s", cmd.Name, flag, place)
				}
			}
			if o.Answers() || !configured(cmd) {
				continue
			}
			checkSources(t, at, cmd, o)
		}
	}
}

// firstWord returns the first word that is completed for a command.
func firstWord(name string) string {
	if name == "" {
		return "word"
	}
	return name
}

// checkSources sets an option in every way, and each takes precedence over those
// before it.
func checkSources(t *testing.T, at int, cmd *command, o *cmdline.Option) {
	t.Helper()
	value := sampleOf(t, at, o.Name)
	table := tableOf(cmd)
	set := func(file, from string, args ...string) {
		t.Helper()
		files(t, file, "", "")
		if s := sourceOf(t, at, o.Name, args...); !strings.HasSuffix(s.Text, from) || strings.Join(s.Values, "") != value {
			t.Errorf("%s --%s: %q from %q, want %q from %s", cmd.Name, o.Name, s.Values, s.Text, value, from)
		}
	}
	inTable := "[" + table + "]\n" + o.Name + " = '" + value + "'\n"
	if o.Variable() != "" {
		set(o.Name+" = '"+value+"'\n", ":1")
	}
	set(inTable, ":2")
	if v := o.Variable(); v != "" {
		t.Setenv(v, value)
		set(inTable, v)
	}
	set(inTable, "--"+o.Name, "--"+o.Name+"="+value)
	if v := o.Variable(); v != "" {
		t.Setenv(v, "")
	}
}

// dangerous are names of values that run, read, write, listen, or send.
var dangerous = []string{"FILE", "COMMAND", "URL", "TOKEN", "ADDRESS", "INDEX", "NAME", "FOLDER", "HOST", "RESOLVER", "SECRET"}

// A project's file can do nothing but choose names and rows.
func TestProjectKeys(t *testing.T) {
	known := make(map[string]bool)
	for _, cmd := range commands() {
		for _, o := range cmd.Options {
			known[o.Name] = true
			if slices.Contains(projectKeys, o.Name) && (o.IsSecret() || slices.Contains(dangerous, o.Placeholder())) && cmd.Name != "tlds" {
				t.Errorf("a project's file can set %s --%s", cmd.Name, o.Spelling())
			}
		}
	}
	for _, key := range projectKeys {
		if !known[key] {
			t.Errorf("no command has the flag %s", key)
		}
	}
	for text, want := range map[string]string{
		"tld = 'dev'":                             "",
		"[own.tlds]\nmine = 'dev'":                "",
		"[own.affixes]\nsuffixes = 'hq'":          "",
		"output = '/tmp/x.csv'":                   ":1: output is not for a project's file",
		"input = '/etc/passwd'":                   ":1: input is not for a project's file",
		"exclude = '@/etc/passwd'":                ":1: exclude is not for a project's file",
		"resolver = '192.0.2.1'":                  ":1: resolver is not for a project's file",
		"quorum = 1":                              ":1: quorum is not for a project's file",
		"rdap-bootstrap = 'https://192.0.2.1/'":   ":1: rdap-bootstrap is not for a project's file",
		"quiet = true":                            ":1: quiet is not for a project's file",
		"[command.watch]\nexec = 'id'":            ":2: exec is not for a project's file",
		"exec = 'id'":                             ":1: exec is not for a project's file",
		"webhook = 'https://192.0.2.1/'":          ":1: webhook is not for a project's file",
		"nats = 'nats://192.0.2.1'":               ":1: nats is not for a project's file",
		"yes = true":                              ":1: yes is not for a project's file",
		"[command.serve]\nlisten = '0.0.0.0:80'":  ":2: listen is not for a project's file",
		"[command.serve]\ntoken = 'abcdefabcdef'": ":2: token is not for a project's file",
		"[own.resolvers]\nhome = '192.0.2.1'":     ":2: resolvers are not for a project's file",
	} {
		files(t, "resolver = 'none'", text, "")
		code, _, stderr := line(t, "--dry-run go.dev")
		if want == "" && (code != 0 || !strings.Contains(stderr, "domprobe: settings of ./.domprobe.toml: ")) ||
			want != "" && (code != 2 || !strings.Contains(stderr, projectPath+want)) {
			t.Errorf("%q: exit code %d, %s", text, code, stderr)
		}
	}
}
