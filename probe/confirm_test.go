package probe_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/rdap"
)

// A registry is a Confirmer that answers by a function, and notes what it was
// asked about and how many names are waiting.
type registry struct {
	answer func(ctx context.Context, name string) probe.Confirmation

	mu        sync.Mutex
	asked     []string
	now, most int
}

func (r *registry) Confirm(ctx context.Context, name string) probe.Confirmation {
	r.mu.Lock()
	r.asked = append(r.asked, name)
	r.now++
	r.most = max(r.most, r.now)
	r.mu.Unlock()
	a := r.answer(ctx, name)
	r.mu.Lock()
	r.now--
	r.mu.Unlock()
	return a
}

// canceled is what a registry answers when ctx has ended.
func canceled(ctx context.Context) probe.Confirmation {
	return probe.Confirmation{Reason: probe.RDAPCanceled, Err: context.Cause(ctx)}
}

// never answers before ctx has ended.
func never(ctx context.Context, _ string) probe.Confirmation {
	<-ctx.Done()
	return canceled(ctx)
}

func free(context.Context, string) probe.Confirmation {
	return probe.Confirmation{Reason: probe.RDAPNotRegistered, Source: "rdap"}
}

// A refusing resolver refuses queries about refused.dev.
type refusing struct{ truth dnstest.Truth }

func (e refusing) ExchangeContext(_ context.Context, m *dns.Msg, _ string) (*dns.Msg, time.Duration, error) {
	if normal(m) == "refused.dev" {
		return dnstest.Rcode(m, dns.RcodeRefused), time.Microsecond, nil
	}
	return e.truth.Resolve(m), time.Microsecond, nil
}

// confirming are the options of a prober with a healthy resolver in memory.
func confirming(c probe.Confirmer) probe.Options {
	return probe.Options{Servers: udpServers("192.0.2.53:53"), Exchanger: refusing{world}, Rate: -1, Confirm: c}
}

func newConfirming(t *testing.T, c probe.Confirmer) *probe.Prober {
	t.Helper()
	p, err := probe.New(confirming(c))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// freeNames are n names that the DNS does not find.
func freeNames(n int) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		for i := 0; i < n && yield(candidate.Parse(fmt.Sprintf("free-%d.dev", i)), nil); i++ {
		}
	}
}

// What a registry says, and what becomes of the row.
func TestConfirm(t *testing.T) {
	why := errors.New("why")
	not := func(r probe.Reason) probe.Confirmation {
		return probe.Confirmation{Source: "rdap", Reason: r, Err: why}
	}
	tests := []struct {
		name   string // of the domain
		answer probe.Confirmation
		want   string // verdict, reason, source
	}{
		{"a", probe.Confirmation{Reason: probe.RDAPRegistered, Source: "rdap"}, "found rdap-registered dns+rdap"},
		{"b", probe.Confirmation{Reason: probe.RDAPNotRegistered, Source: "rdap"}, "not-found rdap-not-registered dns+rdap"},
		{"c", probe.Confirmation{Reason: probe.RDAPReserved, Source: "rdap"}, "found rdap-reserved dns+rdap"},
		{"d", probe.Confirmation{Reason: probe.RDAPRegistered, Source: "whois"}, "found rdap-registered dns+whois"},
		{"e", probe.Confirmation{Reason: probe.RDAPNotRegistered, Source: "whois"}, "not-found rdap-not-registered dns+whois"},
		{"f", probe.Confirmation{Reason: probe.RDAPReserved, Source: "whois"}, "found rdap-reserved dns+whois"},
		{"g", not(probe.RDAPNone), "not-found rdap-none dns"},
		{"h", not(probe.RDAPLimited), "not-found rdap-limited dns"},
		{"i", not(probe.RDAPPaused), "not-found rdap-paused dns"},
		{"j", not(probe.RDAPFailed), "not-found rdap-failed dns"},
		{"k", not(probe.RDAPUnsure), "not-found rdap-unsure dns"},
		{"l", not(probe.RDAPCanceled), "not-found rdap-canceled dns"},
		{"m", probe.Confirmation{}, "not-found rdap-failed dns"},
		{"n", not(probe.Delegated), "not-found rdap-failed dns"},
	}
	said := map[string]probe.Confirmation{}
	names := []string{"go.dev", "go.com", "refused.dev", "x.go.dev", "free.test"}
	for _, tt := range tests {
		said[tt.name+".dev"] = tt.answer
		names = append(names, tt.name+".dev")
	}
	r := &registry{answer: func(_ context.Context, name string) probe.Confirmation { return said[name] }}
	opts := confirming(r)
	got := probeAll(t, opts, names...)
	for _, tt := range tests {
		r := got[tt.name+".dev"]
		if row := fmt.Sprint(r.Verdict, " ", r.Reason, " ", r.Source); row != tt.want {
			t.Errorf("%q: %s, want %s", tt.answer.Reason, row, tt.want)
		}
		if !errors.Is(r.Err, tt.answer.Err) || r.Err != nil && r.Source != "dns" {
			t.Errorf("%q: error %v", tt.answer.Reason, r.Err)
		}
		if settled := tt.answer.Settled(); settled != (r.Source != "dns") {
			t.Errorf("%q: settled %v", tt.answer.Reason, settled)
		}
		if (r.TTL > 0) != (r.Verdict == probe.NotFound) || r.Rcode != 3 || r.Server == "" || r.At.IsZero() {
			t.Errorf("%q: %+v", tt.answer.Reason, r)
		}
	}
	if len(r.asked) != len(tests) {
		t.Errorf("asked about %q, want what the DNS did not find and nothing else", r.asked)
	}
	for _, name := range r.asked {
		if _, ok := said[name]; !ok {
			t.Errorf("asked about %s, which is %v", name, got[name].Verdict)
		}
	}
	for _, d := range probe.Reasons() {
		shown := slices.ContainsFunc(slices.Collect(maps.Values(got)), func(r probe.Result) bool { return r.Reason == d.Reason })
		if strings.HasPrefix(string(d.Reason), "rdap-") && !shown {
			t.Errorf("%q is not in the table", d.Reason)
		}
	}
}

// What needs no confirmation does not wait for what does.
func TestConfirmStreams(t *testing.T) {
	release := make(chan struct{})
	r := &registry{answer: func(ctx context.Context, name string) probe.Confirmation {
		select {
		case <-release:
			return free(ctx, name)
		case <-ctx.Done():
			return canceled(ctx)
		}
	}}
	p := newConfirming(t, r)
	defer p.Close()
	var order []string
	names := candidate.Names("free-1.dev", "free-2.dev", "go-1.dev", "free.test", "go-2.dev", "free-3.dev")
	for row, err := range p.Probe(t.Context(), names) {
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, row.Name)
		if len(order) == 3 {
			close(release)
		}
	}
	slices.Sort(order[:3])
	if got := strings.Join(order[:3], " "); got != "free.test go-1.dev go-2.dev" || len(order) != 6 {
		t.Errorf("rows before the registry answered: %s; of all: %q", got, order)
	}
}

// However many names wait for a registry that does not answer, those at another
// and those that need no confirmation do not.
func TestConfirmSlowHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if nothing moves
		release := make(chan struct{})
		r := &registry{answer: func(ctx context.Context, name string) probe.Confirmation {
			if strings.HasSuffix(name, ".com") {
				<-release
			}
			return free(ctx, name)
		}}
		p := newConfirming(t, r)
		defer p.Close()
		const slow, fast = 5000, 500
		var names []string
		for i := range slow {
			names = append(names, fmt.Sprintf("free-%d.com", i))
		}
		for i := range fast / 2 {
			names = append(names, fmt.Sprintf("free-%d.dev", i), fmt.Sprintf("go-%d.com", i))
		}
		rows := 0
		for row, err := range p.Probe(t.Context(), candidate.Names(names...)) {
			if err != nil {
				t.Fatal(err)
			}
			if rows++; rows <= fast && row.TLD == "com" && row.Verdict != probe.Found {
				t.Fatalf("row %d is %s, before all that wait for nothing", rows, row.Name)
			}
			if rows == fast {
				close(release)
			}
		}
		if rows != slow+fast {
			t.Errorf("%d rows, want %d", rows, slow+fast)
		}
	})
}

// A registry is asked about a few names at a time. Ending the context gives a
// row for every name that the DNS has settled, and the error last.
func TestConfirmEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &registry{answer: never}
		p := newConfirming(t, r)
		defer p.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var rows []probe.Result
		var last error
		done := make(chan struct{})
		const names = 5000
		go func() {
			defer close(done)
			for row, err := range p.Probe(ctx, freeNames(names)) {
				if last != nil {
					t.Errorf("%s after the error", row.Name)
				}
				if last = err; err == nil {
					rows = append(rows, row)
				}
			}
		}()
		<-time.After(time.Hour)
		synctest.Wait()
		if len(rows) != 0 || r.now != 16 {
			t.Errorf("%d rows, %d names ask", len(rows), r.now)
		}
		cancel()
		<-done
		if u := new(probe.Unfinished); !errors.As(last, &u) || !errors.Is(last, context.Canceled) || len(rows) != names {
			t.Errorf("%d rows, want %d, and then %v", len(rows), names, last)
		}
		for _, row := range rows {
			if row.Verdict != probe.NotFound || row.Reason != probe.RDAPCanceled || row.Source != "dns" || !errors.Is(row.Err, context.Canceled) {
				t.Fatalf("%+v", row)
			}
		}
		if r.now != 0 || r.most != 16 {
			t.Errorf("%d still ask, %d did at most", r.now, r.most)
		}
	})
}

// What a registry said before the context ended is not lost.
func TestConfirmCanceled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	why := errors.New("enough")
	asked := make(chan struct{}) // about the other
	r := &registry{answer: func(ctx context.Context, name string) probe.Confirmation {
		if name == "free-1.dev" {
			<-asked
			return free(ctx, name)
		}
		close(asked)
		return never(ctx, name)
	}}
	p := newConfirming(t, r)
	defer p.Close()
	got := map[string]probe.Reason{}
	var last error
	for row, err := range p.Probe(ctx, candidate.Names("free-0.dev", "free-1.dev", "go.dev")) {
		if last = err; err != nil {
			continue
		}
		got[row.Name] = row.Reason
		if len(got) == 2 {
			cancel(why)
		}
	}
	if got["free-0.dev"] != probe.RDAPCanceled || got["free-1.dev"] != probe.RDAPNotRegistered || got["go.dev"] != probe.Exists || len(got) != 3 {
		t.Errorf("rows: %v", got)
	}
	if !errors.Is(last, why) {
		t.Errorf("error %v, want %v", last, why)
	}
}

// Leaving the loop ends what is being asked, before the loop has ended.
func TestConfirmLeft(t *testing.T) {
	// The others are of one TLD, whose registry answers none of them.
	for _, first := range []string{"go.dev", "free.com"} {
		synctest.Test(t, func(t *testing.T) { // fails if a goroutine stays
			r := &registry{answer: func(ctx context.Context, name string) probe.Confirmation {
				if name == first {
					return free(ctx, name)
				}
				return never(ctx, name)
			}}
			p := newConfirming(t, r)
			defer p.Close()
			source := func(yield func(candidate.Candidate, error) bool) {
				if yield(candidate.Parse(first), nil) {
					freeNames(5000)(yield)
				}
			}
			for row := range p.Probe(t.Context(), source) {
				if row.Name != first {
					t.Errorf("%s, want %s", row.Name, first)
				}
				break
			}
			if r.now != 0 {
				t.Errorf("%d names still ask", r.now)
			}
		})
	}
}

// The error of a source comes after the rows of what it gave.
func TestConfirmSourceError(t *testing.T) {
	broken := errors.New("broken")
	source := func(yield func(candidate.Candidate, error) bool) {
		for c := range freeNames(100) {
			if !yield(c, nil) {
				return
			}
		}
		yield(candidate.Candidate{}, broken)
	}
	p := newConfirming(t, &registry{answer: free})
	defer p.Close()
	rows := 0
	var last error
	for _, err := range p.Probe(t.Context(), source) {
		if last = err; err == nil {
			rows++
		}
	}
	if rows != 100 || !errors.Is(last, broken) {
		t.Errorf("%d rows, then %v", rows, last)
	}
}

// Through the whole pipeline, 200 names at 3 registries, of which one refuses
// throughout and one knows every name: the others finish at their own pace.
func TestConfirmByRDAP(t *testing.T) {
	boot := filepath.Join(t.TempDir(), "dns.json")
	err := os.WriteFile(boot, []byte(`{"version":"1.0","services":[[["dev"],["https://a.example/"]],
		[["com"],["https://b.example/"]],[["uk"],["https://c.example/"]]]}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		client, err := rdap.New(rdap.Options{
			Bootstrap: boot, CacheDir: os.DevNull, Transport: threeRegistries{}, Known: func(tld string) []string { return []string{"nic." + tld} },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		p := newConfirming(t, client)
		defer p.Close()
		var names []string
		for i := range 200 {
			names = append(names, fmt.Sprintf("free-%d.%s", i, []string{"dev", "com", "uk"}[i%3]))
		}
		start, count, done := time.Now(), map[string]int{}, map[string]time.Duration{}
		for row, err := range p.Probe(t.Context(), candidate.Names(names...)) {
			if err != nil {
				t.Fatal(err)
			}
			count[fmt.Sprint(row.TLD, " ", row.Verdict, " ", row.Reason)]++
			done[row.TLD] = time.Since(start)
		}
		refused := count["uk not-found rdap-limited"] + count["uk not-found rdap-paused"]
		if count["dev not-found rdap-not-registered"] != 67 || count["com found rdap-registered"] != 67 || refused != 66 {
			t.Errorf("rows: %v", count)
		}
		for _, tld := range []string{"dev", "com"} { // 67 queries, and in dev a control, one a second
			if d := done[tld]; d < 66*time.Second || d > 68*time.Second {
				t.Errorf("the registry of %s took %v", tld, d)
			}
		}
	})
}

// threeRegistries is a network of RDAP servers.
type threeRegistries struct{}

func (threeRegistries) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/rdap+json")
	switch req.URL.Host {
	case "a.example":
		if path.Base(req.URL.Path) == "nic.dev" {
			fmt.Fprint(w, `{"objectClassName":"domain"}`)
			break
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errorCode":404}`)
	case "b.example":
		fmt.Fprint(w, `{"objectClassName":"domain"}`)
	default:
		w.WriteHeader(http.StatusTooManyRequests)
	}
	return w.Result(), nil
}
