package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/internal/config"
)

// ownName is how a user's name for something looks. It is printed as it is.
var ownName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]+$`) })

var ownTables = []string{ownTLDs, ownResolvers, ownAffixes}

// projectKeys are the settings that a project's file may have. It comes with
// what was downloaded, so it is not the user's word: none of them runs a command,
// reads or writes a file, listens, chooses who is told the names, or makes a
// verdict easier to believe.
var projectKeys = []string{
	"tld", "tld-preset", "prefix", "suffix", "affixes", "words", "pattern", "min-len", "max-len", "combine", "join",
	"syllables", "blend", "endings", "typos", "hacks", "about", "about-max", "min-score", "best", "stop-after",
	"format", "columns", "only", "sort", "ordered",
}

// projectRules says what a project's file may have.
func projectRules() string {
	return "A project's file may come from somebody else. It is named on standard error when it is used. " +
		"It can run no command, read and write no file, open no port, and choose neither who is told the names " +
		"nor when a verdict is believed, as it may have only these keys: " +
		strings.Join(projectKeys, ", ") + "; and the tables [" + ownTLDs + "] and [" + ownAffixes + "]."
}

// check returns the error of a setting that nothing knows, or that the file may
// not have.
func (f settingsFile) check(s config.Setting, all []*command) error {
	fail := func(hint, format string, args ...any) error {
		return cmdline.Usage(hint, "%s: %w", f.where(s), fmt.Errorf(format, args...))
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
		return fail(hint, "unknown table %q", s.Table)
	}
	keys, elsewhere := keysOf(s.Table, all)
	switch {
	case !slices.Contains(keys, s.Key) && elsewhere[s.Key] != "":
		return fail("it stands in ["+elsewhere[s.Key]+"]", "unknown key %q", s.Key)
	case !slices.Contains(keys, s.Key):
		return fail(cmdline.Hint(s.Key, keys), "unknown key %q", s.Key)
	case f.project && !slices.Contains(projectKeys, s.Key):
		return fail("it can stand in your own file, see domprobe config path", "%s is not for a project's file", s.Key)
	}
	return nil
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
	case !ownName().MatchString(s.Key):
		return fail("a name has letters, digits and hyphens", "%q is no name", s.Key)
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
		return fail(cmdline.Hint(s.Table, ownTables), "unknown table %q", s.Table)
	}
	return nil
}
