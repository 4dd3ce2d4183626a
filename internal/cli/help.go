package cli

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// commonExits are the exit codes of every command.
var commonExits = map[int]string{
	codeFailed: "the run failed",
	codeUsage:  "the command line makes no sense",
}

// writeExits prints the exit codes of a command.
func writeExits(b *strings.Builder, cmd *command) {
	exits := maps.Clone(commonExits)
	maps.Copy(exits, cmd.exits)
	b.WriteString("Exit codes:\n")
	for _, code := range slices.Sorted(maps.Keys(exits)) {
		fmt.Fprintf(b, "  %-5d%s\n", code, exits[code])
	}
}

// variables says which flags have an environment variable.
func variables(flags []cli.Flag) string {
	var without []string
	example := ""
	for _, f := range flags {
		name := "--" + f.Names()[0]
		vars := variablesOf(f)
		if len(vars) == 0 {
			without = append(without, name)
		} else if example == "" {
			example = vars[0] + " for " + name
		}
	}
	last := len(without) - 1
	return fmt.Sprintf("Every flag but %s and %s has an environment variable, over which it wins:\n%s.\n",
		strings.Join(without[:last], ", "), without[last], example)
}

// help prints what a command is for and how it is called, examples first.
func help(w io.Writer, cmd *command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "domprobe: %s\n\n%s\nUsage: domprobe %s\n\nFlags, anywhere among the words; -- ends them:\n",
		cmd.summary, cmd.examples, cmd.synopsis)
	for _, f := range cmd.flags {
		writeFlag(&b, f)
	}
	b.WriteString("\n" + variables(cmd.flags))
	if cmd.name == "" {
		b.WriteString("\nCommands, as the first word only:\n")
		for _, c := range commands()[1:] {
			fmt.Fprintf(&b, "  %-12s%s\n", c.name, c.summary)
		}
	}
	b.WriteByte('\n')
	writeExits(&b, cmd)
	_, err := io.WriteString(w, b.String())
	return err
}

// variablesOf returns the environment variables of a flag.
func variablesOf(f cli.Flag) []string {
	return f.(cli.DocGenerationFlag).GetEnvVars() // all flags of urfave are
}

// writeFlag prints one flag: its names, what its value is called, and what it
// does, with the default in parentheses where there is one to mention.
func writeFlag(b *strings.Builder, f cli.Flag) {
	doc := f.(cli.DocGenerationFlag) // all flags of urfave are
	usage, value := doc.GetUsage(), ""
	if before, rest, ok := strings.Cut(usage, "`"); ok {
		var after string
		value, after, _ = strings.Cut(rest, "`")
		usage = before + value + after
	}
	names := "    --" + doc.Names()[0]
	if len(doc.Names()) > 1 {
		names = "-" + doc.Names()[1] + ", --" + doc.Names()[0]
	}
	if value != "" {
		names += " " + value
	}
	if def := strings.Trim(doc.GetValue(), `"`); doc.TakesValue() && def != "" && def != "0" {
		usage += " (" + def + ")"
	}
	const indent, width = 28, 100
	if len(names) > indent-4 {
		fmt.Fprintf(b, "  %s\n%*s", names, indent, "")
	} else {
		fmt.Fprintf(b, "  %-*s", indent-2, names)
	}
	column := indent
	for i, word := range strings.Fields(usage) {
		if i > 0 && column+1+len(word) > width {
			fmt.Fprintf(b, "\n%*s", indent, "")
			column = indent
		} else if i > 0 {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteByte('\n')
}

// version prints what was built, as far as the build recorded it.
func version(w io.Writer) error {
	version, revision := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && version == "(devel)" {
				revision = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(w, "domprobe %s%s (%s %s/%s)\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
