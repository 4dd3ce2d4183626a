package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/internal/dnstest"
	"domprobe/probe"
)

func Example() {
	std := Streams{In: strings.NewReader("# words\ngo\n"), Out: os.Stdout, Err: os.Stdout}
	code := Run(context.Background(), []string{"domprobe", "-t", "dev", "-", "--resolver", "demo", "-f", "marks", "-q"}, std)
	fmt.Println("exit code", code)
	// Output:
	// + go.dev
	// exit code 0
}

// run runs a command line and returns what it printed.
func runLine(t *testing.T, ctx context.Context, in io.Reader, out io.Writer, args ...string) (code int, stderr string) {
	t.Helper()
	var errs strings.Builder
	code = Run(ctx, append([]string{"domprobe"}, args...), Streams{In: in, Out: out, Err: &errs})
	return code, errs.String()
}

// A writer that fails with err after n rows.
type failing struct {
	n   int
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, f.err
	}
	return len(p), nil
}

func TestWriteErrors(t *testing.T) {
	tests := []struct {
		err    error
		code   int
		stderr string
	}{
		{errors.New("disk on fire"), 1, "domprobe: disk on fire\n"},
		{syscall.ENOSPC, 1, "domprobe: no space left on device\n"},
		{&os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}, 0, ""},
	}
	for _, tt := range tests {
		for _, args := range []string{"--help", "--version", "-r demo -q -f names -c 1 go.dev rust.dev", "explain -r demo -q go.dev"} {
			out := &failing{0, tt.err}
			code, stderr := runLine(t, t.Context(), nil, out, strings.Fields(args)...)
			if code != tt.code || stderr != tt.stderr {
				t.Errorf("%s, writing fails with %v: exit code %d, stderr %q; want %d, %q", args, tt.err, code, stderr, tt.code, tt.stderr)
			}
		}
	}
}

func TestReadError(t *testing.T) {
	in := io.MultiReader(strings.NewReader("go\n"), iotest.ErrReader(errors.New("cable pulled")))
	var out strings.Builder
	code, stderr := runLine(t, t.Context(), in, &out, "-t", "dev", "-r", "demo", "-q", "-f", "names", "-")
	if code != 1 || stderr != "domprobe: standard input: cable pulled\n" || out.String() != "go.dev\n" {
		t.Errorf("exit code %d, stderr %q, stdout %q", code, stderr, out.String())
	}
}

func TestCancelledBeforeStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range []string{"-r demo -q go.dev", "explain -r demo -q go.dev", "-r udp://localhost:1 -q go.dev"} {
		if code, stderr := runLine(t, ctx, nil, io.Discard, strings.Fields(args)...); code != 130 || stderr != "" {
			t.Errorf("%s: exit code %d, stderr %q; want 130 and silence", args, code, stderr)
		}
	}
}

// A run collects garbage as is best for it, or as the user says.
func TestGarbageCollection(t *testing.T) {
	for env, want := range map[string]int{"": gcPercent, "300": 300} {
		t.Setenv("GOGC", env)
		before := debug.SetGCPercent(300) // as the runtime does at the start
		code, stderr := runLine(t, t.Context(), nil, io.Discard, "-r", "demo", "-q", "go.dev")
		if got := debug.SetGCPercent(before); code != 0 || got != want {
			t.Errorf("GOGC=%s: %d percent, want %d; exit code %d, stderr %q", env, got, want, code, stderr)
		}
	}
}

// Every name has its row, or the run says that it cannot be relied on.
func TestTally(t *testing.T) {
	var tl tally
	for range tl.counted(candidate.Names("a.dev", "b.dev", "c.dev")) {
	}
	tl.add([]probe.Result{{Verdict: probe.Found}, {Verdict: probe.Unknown}})
	if err := tl.check(); err == nil || !strings.Contains(err.Error(), "3 names gave 2 rows") {
		t.Errorf("check with a row missing: %v", err)
	}
	tl.add([]probe.Result{{Verdict: probe.Invalid}})
	if err := tl.check(); err != nil {
		t.Errorf("check with every row: %v", err)
	}
	tl.add([]probe.Result{{Verdict: probe.NotFound}})
	if err := tl.check(); err == nil {
		t.Error("check with a row too many: no error")
	}
	tl.repeated, tl.leftOut = 2, 3
	if got, want := tl.summary(), "4 names in "; !strings.HasPrefix(got, want) {
		t.Errorf("summary %q", got)
	}
	if got, want := tl.summary(), ": 1 found, 1 not found, 1 unknown, 1 invalid, 2 repeated, 3 left out for their length"; !strings.HasSuffix(got, want) {
		t.Errorf("summary %q, want it to end in %q", got, want)
	}
}

func TestEscalate(t *testing.T) {
	tests := []struct {
		args string
		want bool
	}{
		{"-r 1.1.1.1", true},
		{"-r cloudflare -r quad9", true},
		{"-r 127.0.0.1", false},
		{"-r 1.1.1.1 -r 192.168.1.1", false},
		{"-r demo", false},
		{"-r direct", false},
		{"-r 127.0.0.1 --escalate", true},
		{"-r 1.1.1.1 --escalate=false", false},
		{"-r 1.1.1.1 --no-escalate", false},
	}
	for _, tt := range tests {
		var a asking
		if _, err := (&cmdline.Command{Options: a.options()}).Parse(strings.Fields(tt.args)); err != nil {
			t.Fatal(err)
		}
		opts, err := a.check()
		if err != nil || opts.Escalate != tt.want {
			t.Errorf("%s: escalate %t, %v; want %t", tt.args, opts.Escalate, err, tt.want)
		}
	}
}

func TestParseRate(t *testing.T) {
	for in, want := range map[string]float64{"auto": 0, "0": -1, "50": 50, "0.5": 0.5, "1e3": 1000} {
		if got, err := parseRate(in); err != nil || got != want {
			t.Errorf("parseRate(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "-1", "fast", "Inf", "NaN", "1/s"} {
		if got, err := parseRate(in); err == nil {
			t.Errorf("parseRate(%q) = %v, want an error", in, got)
		}
	}
}

func TestParseOutage(t *testing.T) {
	for in, want := range map[string]time.Duration{"auto": 0, "0": -1, "0s": -1, "30s": 30 * time.Second, "1h": time.Hour} {
		if got, err := parseOutage(in); err != nil || got != want {
			t.Errorf("parseOutage(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "-1s", "soon", "5"} {
		if got, err := parseOutage(in); err == nil {
			t.Errorf("parseOutage(%q) = %v, want an error", in, got)
		}
	}
}

// What a server puts into its responses must not reach the terminal raw.
func TestHostileResponse(t *testing.T) {
	server, err := dnstest.Host{UDP: dnstest.Wire(hostile)}.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for _, args := range []string{
		"-r " + server.Addr() + " -vv --timeout 1s --tries 1 go.dev",
		"explain -r " + server.Addr() + " --timeout 1s --tries 1 go.dev",
	} {
		var out strings.Builder
		_, stderr := runLine(t, t.Context(), nil, &out, strings.Fields(args)...)
		if !strings.Contains(out.String()+stderr, "owned") {
			t.Errorf("%s: the response is not shown", args)
		}
		for _, text := range []string{out.String(), stderr} {
			if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) }); i >= 0 {
				t.Errorf("%s: raw control character in %q", args, text[max(0, i-40):min(len(text), i+20)])
			}
		}
	}
}

// hostile answers with a TXT record full of escape sequences, in a message that
// matches the question.
func hostile(q *dns.Msg) *dns.Msg {
	r := new(dns.Msg).SetReply(q)
	r.RecursionAvailable = true
	r.Answer = []dns.RR{&dns.TXT{
		Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 1},
		Txt: []string{"\x1b]0;owned\a\x1b[2J\n\u202e"},
	}}
	return r
}

// Rendering ends with the first thing that goes wrong, whatever comes after it.
func TestRenderEndsEarly(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "saved.csv")
	if code, stderr := runLine(t, t.Context(), nil, io.Discard, "-r", "demo", "-q", "-o", saved, "go.dev", "rust.dev"); code != 0 {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out strings.Builder
	if code, stderr := runLine(t, ctx, nil, &out, "render", "-q", saved); code != 130 || stderr != "" || out.Len() > 0 {
		t.Errorf("interrupted: exit code %d, stderr %q, stdout %q", code, stderr, out.String())
	}
	if code, stderr := runLine(t, t.Context(), nil, &failing{0, syscall.ENOSPC}, "render", "-q", saved); code != 1 || stderr != "domprobe: no space left on device\n" {
		t.Errorf("full disk: exit code %d, stderr %q", code, stderr)
	}
}
