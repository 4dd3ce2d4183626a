package rdap

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// helperVar makes the test binary do something else than run tests, so that a
// test can start it as a process of its own.
const helperVar = "RDAP_TEST_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helperVar) {
	case "confirm":
		c, err := New(Options{Bootstrap: os.Args[1], CacheDir: os.Args[2]})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		a := c.Ask(context.Background(), "name.test")
		fmt.Println(a.Status, a.Reason)
		os.Exit(0)
	case "store":
		for i := 0; ; i++ {
			if err := cache(os.Args[1]).store("file", bigValue(i)); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Print(".")
		}
	}
	os.Exit(m.Run())
}

// helper is the command that runs the test binary as a helper.
func helper(t *testing.T, what string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(append(os.Environ(), helperVar+"="+what), env...)
	return cmd
}

func runHelper(t *testing.T, what string, env []string, args ...string) string {
	t.Helper()
	out, err := helper(t, what, env, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
