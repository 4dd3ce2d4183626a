package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/internal/config"
	"domprobe/internal/tempfile"
	"domprobe/internal/term"
	"domprobe/internal/text"
)

// offerTLDs returns the TLDs that somebody at the terminal wants from now on,
// which it writes to the user's file of settings. Without an answer it returns
// the error of a word that needs a TLD.
func (inv *invocation) offerTLDs(word string) ([]string, error) {
	refused := inv.noTLD("", word)
	path, err := configPath()
	silent := !inv.person || inv.stdin || inv.console.Quiet
	if err != nil || silent || likeCommand(word) != "" || os.Getenv(configVariable) != "" {
		return nil, refused
	}
	answer, err := inv.ask("no TLD given; which from now on, as in com,dev,io? Nothing for none:")
	tlds := strings.Fields(strings.ReplaceAll(answer, ",", " "))
	if err != nil || len(tlds) == 0 {
		return nil, refused
	}
	for _, tld := range tlds { // a slip would come back with every run
		if !candidate.IsTLD(tld[strings.LastIndexByte(tld, '.')+1:]) {
			return nil, cmdline.Usage("domprobe config init "+tld+" takes it all the same", "%q is not a known TLD", tld)
		}
	}
	if err := writeTLDs(path, tlds); err != nil {
		return nil, err
	}
	inv.console.Note("%s now has these TLDs", path)
	return tlds, nil
}

// writeTLDs puts default TLDs into a file of settings before all else that it
// has, or into a new one.
func writeTLDs(path string, tlds []string) error {
	gen, err := candidate.New(candidate.Options{TLDs: tlds})
	if err != nil {
		return err
	}
	line := ""
	if len(tlds) > 0 {
		line = fmt.Sprintf("tld = [%s]\n", strings.Join(text.Of(gen.TLDs(), strconv.Quote), ", "))
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		text = []byte(newFile(line))
	case err != nil:
		return err
	default:
		text = append([]byte(line), text...)
	}
	if _, err := config.Parse(path, text); err != nil { // it has an empty list of TLDs
		return err
	}
	return writeWhole(path, text)
}

// writeWhole writes a file as a whole, wherever a link leads. If it is new, only
// the user can read it: it may come to hold a token.
func writeWhole(path string, text []byte) error {
	_, missing := os.Stat(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp, dest, err := tempfile.Create(path)
	if err != nil {
		return err
	}
	defer tempfile.Discard(temp)
	if missing != nil {
		err = temp.Chmod(0o600)
	}
	if err == nil {
		_, err = temp.Write(text)
	}
	if err == nil {
		err = tempfile.Sync(temp)
	}
	if err == nil {
		err = tempfile.Publish(temp, dest)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, tempfile.Cause(err))
	}
	return nil
}

// newFile returns a new file of settings: every key, as a comment.
func newFile(line string) string {
	all := commands()
	var b strings.Builder
	b.WriteString("# Settings of domprobe. A flag stands here under its name. domprobe config check\n" +
		"# finds mistakes, and domprobe config show tells where each value comes from.\n\n" + line)
	describe := func(options []*cmdline.Option) {
		for _, o := range options {
			comment := strings.ReplaceAll(term.Wrap(o.Usage(), 0, 78), "\n", "\n# ")
			fmt.Fprintf(&b, "\n# %s\n#%s = %s\n", comment, o.Name, exampleOf(o))
		}
	}
	describe(slices.DeleteFunc(slices.Clone(all[0].Options), (*cmdline.Option).Answers))
	for _, cmd := range all[1:] {
		if !configured(cmd) {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(cmd.Options), func(o *cmdline.Option) bool { return o.Answers() || all[0].Shares(o) })
		if len(others) > 0 {
			fmt.Fprintf(&b, "\n# Of domprobe %s alone:\n#[%s]\n", cmd.Name, tableOf(cmd))
			describe(others)
		}
	}
	b.WriteString(`
# TLD sets for --tld-preset, by name:
#[own.tlds]
#mine = ["com", "dev", "io"]

# Resolvers for --resolver, by name:
#[own.resolvers]
#home = ["192.0.2.1", "tls://dns.example"]

# What --affixes puts before and after a keyword, in place of the usual words:
#[own.affixes]
#prefixes = ["get", "try"]
#suffixes = ["app", "hq"]
`)
	return b.String()
}

// exampleOf returns the default of an option, or the name of its value, as TOML.
func exampleOf(o *cmdline.Option) string {
	if _, err := strconv.Atoi(o.Default()); err == nil {
		return o.Default()
	}
	switch {
	case o.Placeholder() == "":
		return "true"
	case o.Several():
		return fmt.Sprintf("[%q]", o.Placeholder())
	case o.Default() != "":
		return strconv.Quote(o.Default())
	}
	return strconv.Quote(o.Placeholder())
}
