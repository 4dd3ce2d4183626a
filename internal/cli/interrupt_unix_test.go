//go:build unix

package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Opening a FIFO waits for whoever opens its other end.
func TestInterruptedOpen(t *testing.T) {
	for _, args := range []string{
		"-r demo -q -t dev -i FIFO",
		"-r demo -q -t dev go -o FIFO",
		"-r demo -q --tld-file FIFO go",
		"-r @FIFO -q -t dev go",
		"-r demo -q -t dev go --confirm rdap --rdap-bootstrap FIFO",
		"explain -r @FIFO -q go.dev",
		"rdap --rdap-bootstrap FIFO -q go.dev",
		"rdap -i FIFO -q",
		"serve -r 127.0.0.1 -q --listen 127.0.0.1:0 --rdap-bootstrap FIFO",
		"resolvers @FIFO -q",
		"tlds --tld-file FIFO",
		"render FIFO",
		"diff FIFO FIFO",
	} {
		fifo := filepath.Join(t.TempDir(), "report.csv")
		if err := syscall.Mkfifo(fifo, 0o666); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		// It waits by then, or on a busy machine is on its way to.
		time.AfterFunc(50*time.Millisecond, cancel)
		mustEnd(t, ctx, nil, strings.ReplaceAll(args, "FIFO", fifo))
		// What is left behind in this process goes on to its end.
		if f, err := os.OpenFile(fifo, os.O_RDWR, 0); err == nil {
			f.Close()
		}
	}
}
