//go:build unix

package watch

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a command into a process group of its own: it is killed with all
// that it has started, and a Ctrl-C at the terminal is for its parent alone.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
