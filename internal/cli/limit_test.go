package cli

import (
	"io"
	"strings"
	"testing"

	"domprobe/internal/term"
)

// Files are read to their end before the first question only where somebody
// wants to know how many names there are.
func TestCountedOnlyIfWanted(t *testing.T) {
	for _, tt := range []struct {
		args     string
		terminal bool // standard output
		want     bool
	}{
		{"-t dev go", false, false},
		{"-t dev go -f grid", false, false},
		{"-t dev go --stop-after 1 --max-names 0", true, false},
		{"-t dev go --max-names 0 -f grid", true, true},
		{"-t dev go --max-names 5", false, true},
		{"-t dev go", true, true},
	} {
		p := new(probing)
		inv := &invocation{console: term.New(io.Discard), terminal: tt.terminal}
		var err error
		if inv.Args, err = p.command().Parse(strings.Fields(tt.args)); err != nil {
			t.Fatal(err)
		}
		in, err := p.gen.openInput(inv)
		if err != nil {
			t.Fatal(err)
		}
		counted := false
		again := in.sources[0].again
		in.sources[0].again = func(yield func(string, error) bool) {
			counted = true
			again(yield)
		}
		if _, err := p.gen.selection(inv, in, p.counted(inv)); err != nil || counted != tt.want {
			t.Errorf("%s, on a terminal %t: counted %t, %v; want %t", tt.args, tt.terminal, counted, err, tt.want)
		}
	}
}
