package cli

import (
	"path/filepath"
	"runtime"
	"testing"
)

// The sets of TLDs of an earlier version are read. The file is never changed.
func TestUpgradeTLDs(t *testing.T) {
	folder, err := filepath.Abs("../../testdata/upgrade/config")
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("the folder is named by XDG_CONFIG_HOME")
	}
	t.Setenv("XDG_CONFIG_HOME", folder)
	code, out, stderr := printed(t, "tlds", "--tld-preset", "mine")
	if code != 0 || out != "com\nio\nco.uk\n" || stderr != "" {
		t.Errorf("exit code %d, %q, %q", code, out, stderr)
	}
}
