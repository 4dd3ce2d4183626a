package cli

import (
	"strings"
	"testing"

	"domprobe/internal/cmdline"
)

// Every script puts the flag behind the words, and the words are completed also
// behind = and commas. bash gives words that it has split at = and :.
func TestComplete(t *testing.T) {
	for _, shell := range cmdline.Shells() {
		if script, err := cmdline.CompletionScript(shell); err != nil || !strings.Contains(script, cmdline.CompleteFlag) {
			t.Errorf("the script of %s does not call domprobe: %v %s", shell, err, script)
		}
	}
	for line, want := range map[string]string{
		"ex":                       "explain",
		"help re":                  "resolvers render",
		"--only=f":                 "--only=found --only=for-sale",
		"--only=found,":            "--only=found,not-found --only=found,unknown --only=found,invalid --only=found,for-sale",
		"-r clou":                  "cloudflare",
		"-r=clou":                  "-r=cloudflare",
		"--only = found,un":        "found,unknown",
		"--only = ":                "found not-found unknown invalid for-sale",
		"--only =":                 "found not-found unknown invalid for-sale",
		"--columns domain,verdi":   "domain,verdict",
		"--tld dev,museu":          "dev,museum",
		"serve --li":               "--listen",
		"go --format=ht":           "--format=html",
		"-i --fo":                  "",
		"--nosuch=":                "",
		"-- --fo":                  "",
		"completion bash ":         "",
		"-r udp : //192.0.2.1":     "",
		"diff --format t":          "text",
		"-t dev go --confirm rdap": "rdap",
	} {
		var out strings.Builder
		if err := cmdline.Complete(&out, plain(commands()), strings.Split(line, " ")); err != nil {
			t.Error(err)
		}
		if got := strings.Join(strings.Fields(out.String()), " "); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
