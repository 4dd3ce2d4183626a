package e2e

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"domprobe/candidate/pattern"
	"domprobe/candidate/score"
	"domprobe/internal/dnstest"
)

// ranked returns the labels of a pattern with at least a score in the order in which
// --best asks about them.
func ranked(t *testing.T, text string, least int) (labels []string) {
	t.Helper()
	p, err := pattern.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	type scored struct {
		score int
		label string
	}
	var all []scored
	for label := range p.All() {
		if n := score.Of(label).Total; n >= least {
			all = append(all, scored{n, strings.Clone(label)})
		}
	}
	slices.SortFunc(all, func(a, b scored) int {
		return cmp.Or(b.score-a.score, len(a.label)-len(b.label), strings.Compare(a.label, b.label))
	})
	for _, s := range all {
		labels = append(labels, s.label)
	}
	return labels
}

func serveFast(t *testing.T, fast dnstest.Fast) *dnstest.FastServer {
	t.Helper()
	server, err := fast.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// domprobe runs the command, which must exit with one of the codes, and returns its
// output and the most memory that it was seen to have, in kilobytes.
func domprobe(t *testing.T, codes []int, args ...string) (stdout, stderr string, memory int) {
	t.Helper()
	cmd := exec.Command("domprobe", args...)
	var out, errors strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			memory = max(memory, peakMemory(cmd.Process.Pid))
			select {
			case <-tick.C:
			case <-ended:
				return
			}
		}
	}()
	err := cmd.Wait()
	close(ended)
	<-watched
	if !slices.Contains(codes, cmd.ProcessState.ExitCode()) {
		t.Fatalf("%v: %s", err, errors.String())
	}
	return out.String(), errors.String(), memory
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakMemory returns the most memory that a process has had, and 0 where that is
// not known. What the system reports of a process that has ended includes the
// memory of the test.
func peakMemory(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	m := highWater.FindSubmatch(status)
	if err != nil || m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[1])) // digits
	return n
}

// The rows of --best are exactly the best names that are not registered, also where
// responses are lost and come in another order, in bounded memory. A name is unknown
// if its queries have had SERVFAIL to the last; the next best name takes its place.
func TestBestNamesAreTheBest(t *testing.T) {
	t.Parallel()
	// As many of the fresh labels are registered; with more, chance would look like a lie.
	const share, want, mayFail = 50, 20, 2
	text := "[a-z]{5}"
	if testing.Short() {
		text = "[a-z]{3}"
	}
	server := serveFast(t, dnstest.Fast{Share: share, Drop: 10, ServFail: 5, Delay: 2 * time.Millisecond})
	rows, errors, memory := domprobe(t, []int{0, 3}, "-r", server.Addr(), "-t", "com", "--pattern", text, "--best", strconv.Itoa(want),
		"--only", "not-found,unknown", "-f", "tsv", "--columns", "verdict,reason,domain")
	var got, failed []string
	_, rows, _ = strings.Cut(rows, "\n") // the header
	for row := range strings.Lines(rows) {
		why, name := "", ""
		if f := strings.Fields(row); len(f) == 3 {
			why, name = f[0]+" "+f[1], f[2]
		}
		switch why {
		case "not-found nxdomain":
			got = append(got, name)
		case "unknown servfail":
			failed = append(failed, name)
		default:
			t.Errorf("row %q", row)
		}
	}
	if !strings.Contains(errors, fmt.Sprintf(" %d not found, %d unknown,", len(got), len(failed))) {
		t.Errorf("%d rows not found, %d unknown; %s", len(got), len(failed), errors)
	}
	var truth []string
	for _, label := range ranked(t, text, 85) {
		if name := label + ".com"; !dnstest.Registered(label, share) && !slices.Contains(failed, name) {
			truth = append(truth, name)
		}
		if len(truth) == want {
			break
		}
	}
	if !slices.Equal(got, truth) || len(failed) > mayFail {
		t.Errorf("rows %q, want %q; unknown %q; %s", got, truth, failed, errors)
	}
	if memory > 120<<10 {
		t.Errorf("%d kB of memory", memory)
	}
	t.Logf("%d kB of memory; %s", memory, errors)
}

var spent = regexp.MustCompile(`domprobe: (\d+) of at most 200 queries sent\n$`)

// With --budget no more queries come than it says, and the rows are about the best
// names.
func TestBudgetBoundsQueries(t *testing.T) {
	t.Parallel()
	labels := ranked(t, "[a-z]{3}", 0)
	for _, c := range []struct {
		least int // names
		fast  dnstest.Fast
	}{
		{80, dnstest.Fast{Share: 50}},
		{20, dnstest.Fast{Share: 50, Drop: 10, ServFail: 5, Delay: time.Millisecond}},
	} {
		server := serveFast(t, c.fast)
		rows, errors, _ := domprobe(t, []int{0, 3}, "-r", server.Addr(), "-t", "com", "--pattern", "[a-z]{3}", "--budget", "200", "-f", "names")
		got := strings.Fields(rows)
		for i, name := range got {
			if name != labels[i]+".com" {
				t.Fatalf("%s is row %d, want %s", name, i, labels[i])
			}
		}
		count := server.Counts()
		queries := count.Queries + count.TCP
		m := spent.FindStringSubmatch(errors)
		if queries > 200 || m == nil || m[1] != strconv.FormatUint(queries, 10) {
			t.Errorf("%d queries came; %s", queries, errors)
		}
		if len(got) < c.least {
			t.Errorf("only %d names with %d queries", len(got), queries)
		}
		t.Logf("%d names with %d queries", len(got), queries)
	}
}
