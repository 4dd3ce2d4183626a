package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/report"
)

const tldHint = "try: domprobe -t dev go rust, or domprobe --help"

// noTLD is the error of a keyword that needs a TLD where none is given. If the
// keyword looks like a command, the error says how that is called. source is
// where the keyword was read, empty for an argument.
func (inv *invocation) noTLD(source, word string) error {
	hint := tldHint
	switch meant := cmdline.Nearest(word, cmdline.Names(plain(commands())[1:])); {
	case word == "":
		return cmdline.Usage(hint, "no TLD given")
	case source != "":
		if format, err := report.FormatOf(source); err == nil && slices.Contains(report.Readable(), format) {
			hint = "if it is a report, try: domprobe render " + source
		}
		return cmdline.Usage(hint, "%s: no TLD given for %q", source, word)
	case meant == word:
		hint = "a command comes first: domprobe " + word + " ..."
	case meant != "" && word == inv.Words[0]:
		hint = "did you mean the command " + meant + "? Else " + hint
	}
	return cmdline.Usage(hint, "no TLD given for %q", word)
}

// looksLikeFile is the error of an argument that is a file and hardly a domain,
// because it has a slash or an ending that is no TLD.
func looksLikeFile(word string) error {
	ending := strings.TrimPrefix(filepath.Ext(word), ".")
	if !strings.ContainsAny(word, `/\`) && (ending == "" || candidate.IsTLD(ending)) {
		return nil
	}
	if info, err := os.Stat(word); err != nil || info.IsDir() {
		return nil
	}
	return cmdline.Usage("to read keywords from it: -i "+word+"; to probe it as a name: -- "+word, "%s is a file", word)
}
