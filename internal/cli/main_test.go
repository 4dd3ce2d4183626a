package cli

import (
	"log"
	"os"
	"testing"
)

// The tests read no settings of the developer's.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "domprobe-cli")
	if err != nil {
		log.Fatal(err)
	}
	os.Setenv("XDG_CONFIG_HOME", dir)
	os.Unsetenv(configVariable)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}
