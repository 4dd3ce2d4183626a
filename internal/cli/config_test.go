package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"domprobe/internal/cmdline"
	"domprobe/internal/config"
	"domprobe/internal/term"
)

// files makes a user's file, a project's and one for DOMPROBE_CONFIG, of those
// that are not empty, and makes the project's folder the current one.
func files(t *testing.T, user, project, named string) (userPath, namedPath string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	userPath, namedPath = filepath.Join(dir, "config", "domprobe", "config.toml"), filepath.Join(dir, "named.toml")
	for path, text := range map[string]string{userPath: user, filepath.Join(dir, projectPath): project, namedPath: named} {
		if text == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if named != "" {
		t.Setenv(configVariable, namedPath)
	}
	t.Chdir(dir)
	return userPath, namedPath
}

// line runs a command line, with its words separated by spaces.
func line(t *testing.T, args string) (code int, stdout, stderr string) {
	t.Helper()
	var out strings.Builder
	code, stderr = runLine(t, t.Context(), strings.NewReader(""), &out, strings.Fields(args)...)
	return code, out.String(), stderr
}

// Flags take precedence over the environment, and that over the files, of which
// the nearest takes precedence, and in each a command's table.
func TestPrecedence(t *testing.T) {
	for _, tt := range []struct{ user, project, named, env, args, want string }{
		{"tld = ['com']", "", "", "", "", "go.com"},
		{"[command.probe]\ntld = ['com']", "", "", "", "", "go.com"},
		{"tld = 'com,io'", "", "", "", "", "go.com go.io"},
		{"tld = 'com'\n[command.probe]\ntld = 'io'", "", "", "", "", "go.io"},
		{"tld = 'com'\n[command.serve]\nlisten = 'x'", "", "", "", "", "go.com"},
		{"[command.probe]\ntld = 'com'", "tld = 'io'", "", "", "", "go.io"},
		{"tld = 'com'", "tld = 'io'", "tld = 'dev'", "", "", "go.dev"},
		{"tld = 'com'", "tld = 'io'", "tld = 'dev'", "net", "", "go.net"},
		{"tld = 'com'", "tld = 'io'", "tld = 'dev'", "net", "-t org", "go.org"},
		{"suffix = 'hq'\ntld = 'com'", "tld = 'io'", "", "", "", "go.io gohq.io"},
		{"tld-preset = 'mine'\n[own.tlds]\nmine = ['com', 'io']", "", "", "", "", "go.com go.io"},
		{"tld-preset = 'mine'\n[own.tlds]\nmine = ['com', 'io']", "", "", "", "-t org", "go.org"},
		{"tld-preset = 'mine'\n[own.tlds]\nmine = ['com', 'io']", "", "", "net", "", "go.net"},
		{"tld-preset = 'mine'\n[own.tlds]\nmine = ['com', 'io']", "tld = 'dev'", "", "", "", "go.dev"},
		{"tld = 'dev'\n[own.tlds]\npopular = ['com']", "", "", "", "--tld-preset popular", "go.com"},
		{"tld = 'com'\naffixes = true\n[own.affixes]\nprefixes = ['my']", "", "", "", "", "go.com mygo.com"},
	} {
		t.Run(tt.user+tt.project+tt.args, func(t *testing.T) {
			files(t, tt.user, tt.project, tt.named)
			t.Setenv("DOMPROBE_TLD", tt.env)
			code, out, stderr := line(t, "-r none --dry-run -f names go "+tt.args)
			names := strings.Fields(out)
			slices.Sort(names)
			if got := strings.Join(names, " "); code != 0 || got != tt.want {
				t.Errorf("%s, want %s; exit code %d, %s", got, tt.want, code, stderr)
			}
		})
	}
}

// What contradicts a flag gives way if it stands in a file.
func TestContradictions(t *testing.T) {
	files(t, "escalate = true\ncolor = 'always'\nresolver = 'demo'\ntld = 'dev'", "", "")
	if code, out, stderr := line(t, "--no-escalate --no-color go"); code != 0 || strings.Contains(out, "\x1b") {
		t.Errorf("exit code %d, %q, %s", code, out, stderr)
	}
}

// The variable none reads no file, not even a broken one.
func TestNoFiles(t *testing.T) {
	files(t, "nonsense", "nonsense", "")
	if code, _, stderr := line(t, "-r demo go.dev"); code != 2 || !strings.Contains(stderr, "config.toml:1: ") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	for _, args := range []string{"help", "version", "man", "completion bash", "config path", "--help", "serve --help"} {
		if code, out, stderr := line(t, args); code != 0 || out == "" {
			t.Errorf("%s: exit code %d, %s", args, code, stderr)
		}
	}
	t.Setenv(configVariable, "none")
	if code, _, stderr := line(t, "-r demo go.dev"); code != 0 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	files(t, "", "", "")
	t.Setenv("XDG_CONFIG_HOME", os.DevNull)
	t.Setenv(configVariable, "")
	if code, _, stderr := line(t, "-r demo go.dev"); code != 0 {
		t.Errorf("no folder for settings: exit code %d, %s", code, stderr)
	}
	t.Setenv(configVariable, "nosuch.toml")
	if code, _, stderr := line(t, "-r demo go.dev"); code == 0 || !strings.Contains(stderr, "nosuch.toml") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// A mistake is told with its line and a guess.
func TestConfigMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"\nconcurency = 5":                   `config.toml:2: unknown key "concurency"; did you mean concurrency?`,
		"min_len = 5":                        `config.toml:1: unknown key "min_len"; did you mean min-len?`,
		"license = true":                     `config.toml:1: unknown key "license"; it stands in [command.words]`,
		"help = true":                        `config.toml:1: unknown key "help"`,
		"[command.serv]\nlisten = 'x'":       `config.toml:2: unknown table "command.serv"; did you mean command.serve?`,
		"[command.serve]\nlisen = 'x'":       `config.toml:2: unknown key "lisen"; did you mean listen?`,
		"[serve]\nlisten = 'x'":              `config.toml:2: unknown table "serve"; did you mean command.serve?`,
		"[own.tld]\na = 'x'":                 `config.toml:2: unknown table "own.tld"; did you mean own.tlds?`,
		"[own.tlds]\na = 'x y'":              `config.toml:2: `,
		"[own.affixes]\nprefixs = 'x'":       `config.toml:2: unknown key "prefixs"; did you mean prefixes?`,
		"[own.resolvers]\nquad9 = 'x'":       `config.toml:2: the resolver quad9 is the program's`,
		"[own.resolvers]\na = 'x:y:z'":       `config.toml:2: `,
		"concurrency = 'many'":               `config.toml:1: --concurrency cannot be "many"`,
		"concurrency = [1, 2]":               `config.toml:1: concurrency takes one value`,
		"format = 'cvs'":                     `config.toml:1: unknown format "cvs"; did you mean csv?`,
		"[command.help]\nquiet = true":       `config.toml:2: unknown table "command.help"`,
		"[own.tlds]\n\"\\u001b[2J\" = 'com'": `config.toml:2: "\x1b[2J" is no name`,
		"[\"\\u001b[2J\"]\na = 1":            `config.toml:2: unknown table "\x1b[2J"`,
		"a = ":                               `config.toml:1: `,
	} {
		files(t, text, "", "")
		for _, args := range []string{"-r demo go.dev", "config check"} {
			if code, _, stderr := line(t, args); code != 2 || !strings.Contains(stderr, want) {
				t.Errorf("%q, %s: exit code %d, %s; want %s", text, args, code, stderr, want)
			}
		}
	}
}

// check finds every mistake, also in what no command has been asked to do.
func TestConfigCheck(t *testing.T) {
	files(t, "tld-preset = 'nosuch'\nresolver = 'x:y:z'\n[command.serve]\nmax-names = 0\n[command.diff]\nonly = ['nosuch']\n", "", "")
	code, _, stderr := line(t, "config check")
	for _, want := range []string{`:1: unknown TLD set "nosuch"`, ":2: ", ":4: --max-names 0 is not at least 1", `:6: unknown verdict "nosuch"`} {
		if code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, %s; want %s", code, stderr, want)
		}
	}
	user, _ := files(t, "tld-preset = 'mine'\nresolver = 'home'\n[own.tlds]\nmine = 'com'\n[own.resolvers]\nhome = '192.0.2.1'\n", "", "")
	if code, out, stderr := line(t, "config check"); code != 0 || out != user+": 4 settings\n" {
		t.Errorf("exit code %d, %q, %s", code, out, stderr)
	}
}

// Every setting in force is shown with its source, but for secrets.
func TestConfigShow(t *testing.T) {
	user, named := files(t, "tld = ['com', 'io']\nquorum = 2\n[command.serve]\ntoken = 'a-long-secret'\n[own.tlds]\nmine = 'com'\n", "prefix = 'my'", "timeout = '1s'")
	t.Setenv("DOMPROBE_RATE", "5")
	_, out, stderr := line(t, "config show")
	for key, want := range map[string]string{
		"tld": "com,io  " + user + ":1", "quorum": "2 " + user + ":2", "prefix": "my .domprobe.toml:1", "timeout": "1s " + named + ":1",
		"rate": "5 DOMPROBE_RATE", "about-max": "200 default", "own.tlds.mine": "com " + user + ":6",
	} {
		if line := regexp.MustCompile(`(?m)^` + key + ` +(.*)$`).FindStringSubmatch(out); line == nil ||
			strings.Join(strings.Fields(line[1]), " ") != strings.Join(strings.Fields(want), " ") {
			t.Errorf("%s: %q, want %s\n%s%s", key, line, want, out, stderr)
		}
	}
	t.Setenv("DOMPROBE_NATS", "nats://user:a-long-secret@192.0.2.1")
	for _, format := range []string{"table", "json"} {
		_, more, _ := line(t, "config show -f "+format)
		_, out, stderr = line(t, "config show serve -f "+format)
		if strings.Contains(more+out, "a-long-secret") || !strings.Contains(more, "DOMPROBE_NATS") || !strings.Contains(out, "(secret)") || !strings.Contains(out, user+":4") {
			t.Errorf("%s%s", out, stderr)
		}
	}
	if code, _, stderr := line(t, "config show serv"); code != 2 || !strings.Contains(stderr, "did you mean serve?") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// init writes a file that has every key as a comment, and can be used at once.
func TestConfigInit(t *testing.T) {
	path, _ := files(t, "", "", "")
	if code, out, stderr := line(t, "config init .DEV io"); code != 0 || out != "" || !strings.Contains(stderr, path+" is written") {
		t.Errorf("exit code %d, %q, %s", code, out, stderr)
	}
	if code, out, stderr := line(t, "-r none --dry-run -f names go"); code != 0 || out != "go.dev\ngo.io\n" {
		t.Errorf("exit code %d, %q, %s", code, out, stderr)
	}
	if code, _, stderr := line(t, "config init com"); code != 1 || !strings.Contains(stderr, "is there already") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	settings, err := config.Parse("x", regexp.MustCompile(`(?m)^#([a-z[])`).ReplaceAll([]byte(newFile("")), []byte("$1")))
	if err != nil {
		t.Fatal(err)
	}
	all := commands()
	for _, s := range settings {
		if err := (settingsFile{}).check(s, all); err != nil {
			t.Errorf("a new file has %s.%s: %v", s.Table, s.Key, err)
		}
	}
	if code, _, stderr := line(t, "config init not/a/tld"); code != 2 && code != 1 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// Somebody at a terminal who gives no TLD is asked for the default.
func TestOffer(t *testing.T) {
	for _, tt := range []struct {
		user, answer, word string
		person             bool
		want               string // TLDs
		file               string // how the file begins
	}{
		{"", "dev, .io\n", "go", true, "dev io", "# Settings"},
		{"# mine\n[command.serve]\nmcp = true\n", "dev\n", "go", true, "dev", "tld = [\"dev\"]\n# mine\n[command.serve]\n"},
		{"", "\n", "go", true, "", ""},
		{"", "", "go", true, "", ""},
		{"", "dev\n", "go", false, "", ""},
		{"", "dev\n", "explian", true, "", ""},
		{"tld = []\n", "dev\n", "go", true, "", "tld = []\n"},
	} {
		path, _ := files(t, tt.user, "", "")
		var stderr strings.Builder
		inv := &invocation{
			console: term.New(&stderr), std: Streams{In: strings.NewReader(tt.answer)}, person: tt.person,
			Args: cmdline.Args{Words: []string{tt.word}},
		}
		tlds, err := inv.offerTLDs(tt.word)
		if strings.Join(tlds, " ") != strings.ReplaceAll(tt.want, " io", " .io") || (err == nil) != (tt.want != "") {
			t.Errorf("%+v: %q, %v", tt, tlds, err)
		}
		text, _ := os.ReadFile(path)
		if !strings.HasPrefix(string(text), tt.file) || tt.file == "" && len(text) > 0 {
			t.Errorf("%+v: the file is %.100q", tt, text)
		}
	}
}

// A name of the user's for resolvers is one for --resolver wherever it stands.
func TestOwnResolvers(t *testing.T) {
	files(t, "[own.resolvers]\nhome = ['127.0.0.9:1', 'tcp://127.0.0.8:1']\n", "", "")
	for _, args := range []string{"plan -r home dev", "resolvers --timeout 10ms --tries 1 home"} {
		_, out, stderr := line(t, args)
		if text := out + stderr; !strings.Contains(text, "127.0.0.9:1") || !strings.Contains(text, "127.0.0.8:1") {
			t.Errorf("%s: %s", args, text)
		}
	}
}

// Completion knows the user's names.
func TestOwnNamesCompleted(t *testing.T) {
	files(t, "[own.resolvers]\nhome = '127.0.0.9:1'\n[own.tlds]\nmine = 'com'\n", "", "")
	for args, want := range map[string]string{"--resolver h": "home\n", "-r cl": "cloudflare\n", "--tld-preset mi": "mine\n", "config ch": "check\n"} {
		if _, out, stderr := line(t, args+" "+cmdline.CompleteFlag); out != want {
			t.Errorf("%s: %q, want %q; %s", args, out, want, stderr)
		}
	}
}

// The settings of an earlier version are read, and mean the same.
func TestUpgradeSettings(t *testing.T) {
	path, err := filepath.Abs("../../testdata/upgrade/settings.toml")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(configVariable, path)
	if code, _, stderr := line(t, "config check"); code != 0 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	code, out, stderr := line(t, "-r none --affixes --ordered go")
	if want := "domain,tld\ngo.com,com\ngo.co.uk,co.uk\n"; code != 3 || !strings.HasPrefix(out, want) || !strings.Contains(out, "mygo.com") || !strings.Contains(out, "gohq.com") {
		t.Errorf("exit code %d, %s, %s", code, out, stderr)
	}
	code, out, _ = line(t, "config show watch")
	if code != 0 || !regexp.MustCompile(`interval +6h +`+regexp.QuoteMeta(path)).MatchString(out) {
		t.Errorf("exit code %d, %s", code, out)
	}
}
