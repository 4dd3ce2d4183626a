package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/internal/known"
	watching "domprobe/watch" // watch is a function of this package
)

// A town is a registry for the TLD dev, by DNS and by RDAP, and a webhook, all of
// which a test drives.
type town struct {
	dir, resolver, hook string

	mu     sync.Mutex
	names  map[string]*registration
	look   func(name string)        // called before a name is looked up by RDAP
	posted func(watching.Event) int // returns the status of the response
	failed []string                 // what is wrong with the requests
}

// A registration is what the registry has of a name.
type registration struct {
	status, expires string
	held            bool   // it is not in the DNS
	price           string // of an offer; empty is none
}

const hookSecret = "correct horse"

// open opens a town, whose functions cannot change after that.
func (w *town) open(t *testing.T) {
	t.Helper()
	w.dir = t.TempDir()
	truth := dnstest.Truth{Registered: func(name string) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		r := w.names[name]
		return r != nil && !r.held || known.Has(name)
	}}
	registry := httptest.NewTLSServer(http.HandlerFunc(w.rdap))
	t.Cleanup(registry.Close)
	hook := httptest.NewServer(http.HandlerFunc(w.webhook))
	t.Cleanup(hook.Close)
	w.resolver, w.hook = serveDNS(t, w.offers(truth.Resolve)), hook.URL+"/hook"
	services := fmt.Sprintf(`{"version": "1.0", "services": [[["dev"], ["%s/"]]]}`, registry.URL)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: registry.Certificate().Raw})
	if err := errors.Join(os.WriteFile(filepath.Join(w.dir, "dns.json"), []byte(services), 0o600),
		os.WriteFile(filepath.Join(w.dir, "roots.pem"), cert, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// offers adds the prices that owners ask for their names to the responses of a resolver.
func (w *town) offers(resolve func(*dns.Msg) *dns.Msg) func(*dns.Msg) *dns.Msg {
	return func(q *dns.Msg) *dns.Msg {
		r := resolve(q)
		name, ours := strings.CutPrefix(strings.ToLower(q.Question[0].Name), "_for-sale.")
		w.mu.Lock()
		defer w.mu.Unlock()
		if reg := w.names[strings.TrimSuffix(name, ".")]; ours && reg != nil && reg.price != "" {
			header := dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}
			r.Rcode, r.Ns, r.Answer = dns.RcodeSuccess, nil, []dns.RR{&dns.TXT{Hdr: header, Txt: []string{"v=FORSALE1;fval=" + reg.price}}}
		}
		return r
	}
}

// set registers a name, or deletes it.
func (w *town) set(name string, r *registration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names[name] = r
}

func (w *town) rdap(rw http.ResponseWriter, req *http.Request) {
	name := strings.TrimPrefix(req.URL.Path, "/domain/")
	w.look(name)
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.names[name]
	if r == nil && known.Has(name) {
		r = &registration{status: "active", expires: "2040-01-01"}
	}
	rw.Header().Set("Content-Type", "application/rdap+json")
	if r == nil {
		rw.WriteHeader(http.StatusNotFound)
		fmt.Fprint(rw, `{"errorCode": 404, "title": "not found"}`)
		return
	}
	fmt.Fprintf(rw, `{"objectClassName": "domain", "ldhName": %q, "status": [%q], "events": [{"eventAction": "expiration", "eventDate": "%sT00:00:00Z"}]}`,
		name, r.status, r.expires)
}

func (w *town) webhook(rw http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender was killed
	}
	var e watching.Event
	err = json.Unmarshal(body, &e)
	signed := hmac.Equal([]byte(req.Header.Get(watching.SignatureHeader)), []byte(watching.Sign([]byte(hookSecret), body)))
	if err != nil || !signed || e.ID != req.Header.Get(watching.IDHeader) || req.Method != http.MethodPost {
		w.mu.Lock()
		w.failed = append(w.failed, fmt.Sprintf("%v: %s", err, body))
		w.mu.Unlock()
	}
	rw.WriteHeader(w.posted(e))
}

// command returns a command that watches, every few milliseconds.
func (w *town) command(ctx context.Context, flags ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "domprobe", append([]string{"watch", "--state", "names.db", "-r", w.resolver, "--rdap-bootstrap", "dns.json",
		"--rdap-rate", "10000", "--interval", "50ms", "--webhook", w.hook, "-f", "jsonl"}, flags...)...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+filepath.Join(w.dir, "roots.pem"), "XDG_CACHE_HOME="+w.dir, watching.SecretVariable+"="+hookSecret)
	return cmd
}

// TestWatch has a name live its life, in a registry that the test drives. Each step
// is seen in a row, by the command and by the webhook.
func TestWatch(t *testing.T) {
	t.Parallel()
	w := &town{names: make(map[string]*registration)}
	posted := make(chan watching.Event, 100)
	w.posted = func(e watching.Event) int { posted <- e; return http.StatusOK }
	first := make(chan bool, 1)
	looks := 0
	w.look = func(name string) {
		if name != "gopher.dev" {
			return
		}
		if looks++; looks == 2 {
			first <- true
		}
	}
	w.open(t)
	w.set("gopher.dev", &registration{status: "active", expires: "2027-01-01"})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := w.command(ctx, "gopher.dev", "--exec", `echo "$DOMPROBE_NAME $DOMPROBE_EVENT $DOMPROBE_OLD $DOMPROBE_NEW" >>seen`)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-first // the second look: the state is known
	rows := bufio.NewScanner(out)
	tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	var want strings.Builder
	for _, step := range []struct {
		state  *registration
		events []string
	}{
		{&registration{status: "active", expires: "2027-01-01", price: "EUR9"}, []string{"for-sale  EUR9"}},
		{&registration{status: "active", expires: "2027-01-01", price: "EUR8"}, []string{"price EUR9 EUR8"}},
		{&registration{status: "active", expires: "2027-01-01"}, []string{"withdrawn EUR8 "}},
		{&registration{status: "auto renew period", expires: "2028-01-01"}, []string{"status active auto renew period", "expires 2027-01-01 2028-01-01"}},
		{&registration{status: "redemption period", expires: "2028-01-01", held: true}, []string{"status auto renew period redemption period"}},
		{&registration{status: "pending delete", expires: "2028-01-01", held: true}, []string{"status redemption period pending delete"}},
		{nil, []string{"not-found found not-found"}},
		{&registration{status: "add period", expires: tomorrow}, []string{"found not-found found"}},
	} {
		w.set("gopher.dev", step.state)
		for _, event := range step.events {
			fmt.Fprintf(&want, "gopher.dev %s\n", event)
			var row struct {
				Domain, Event, Old, New string
				V                       int
				At                      time.Time
			}
			if !rows.Scan() || json.Unmarshal(rows.Bytes(), &row) != nil {
				t.Fatalf("no row: %q; stderr %s", rows.Text(), stderr.String())
			}
			e := <-posted
			for _, got := range []string{row.Event + " " + row.Old + " " + row.New, string(e.Kind) + " " + e.Old + " " + e.New} {
				if got != event {
					t.Errorf("%s, want %s", got, event)
				}
			}
			if row.Domain != "gopher.dev" || row.V != 1 || row.At.IsZero() || e.Name != "gopher.dev" {
				t.Errorf("%s, %v", rows.Text(), e)
			}
		}
	}
	list := func() string {
		text, err := exec.CommandContext(ctx, "domprobe", "watch", "--state", filepath.Join(w.dir, "names.db"), "--list", "-f", "jsonl").Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := list(); !strings.Contains(text, `"domain":"gopher.dev","verdict":"found"`) || !strings.Contains(text, `"status":"add period"`) {
		t.Errorf("while it runs the list is %s", text)
	}
	second := w.command(ctx, "other.dev")
	said, err := second.CombinedOutput()
	if code := second.ProcessState.ExitCode(); code != 0 || !strings.Contains(string(said), "another watch is running on it, which watches the new names now") {
		t.Errorf("the second watch: %v, %s", err, said)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for rows.Scan() {
		t.Errorf("one more row: %s", rows.Text())
	}
	if err := cmd.Wait(); err != nil || !strings.HasSuffix(stderr.String(), "domprobe: stopped\n") {
		t.Errorf("%v, %s", err, stderr.String())
	}
	if text := list(); !strings.Contains(text, `"domain":"other.dev"`) {
		t.Errorf("then the list is %s", text)
	}
	seen, err := os.ReadFile(filepath.Join(w.dir, "seen"))
	if err != nil || string(seen) != want.String() {
		t.Errorf("the command has seen\n%s\nwant\n%s\n%v", seen, want.String(), err)
	}
	if w.failed != nil {
		t.Errorf("bad requests: %q", w.failed)
	}
}

// TestWatchKilled kills watches with SIGKILL at random moments, while every look
// finds a new status and every second request to the webhook fails. No event is
// lost, and at most the last one before the end comes twice.
func TestWatchKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills 50 watches")
	}
	t.Parallel()
	const kills = 50
	w := &town{names: make(map[string]*registration)}
	steps := make(chan struct{}) // requests, before and after they are answered
	var over sync.Once
	ended := make(chan struct{})
	defer over.Do(func() { close(ended) })
	step := func() {
		select {
		case steps <- struct{}{}:
		case <-ended:
		}
	}
	names := []string{"a.dev", "b.dev", "c.dev", "d.dev"}
	for _, name := range names {
		w.set(name, &registration{status: "step 0", expires: "2030-01-01"})
	}
	n := 0
	w.look = func(name string) {
		step()
		if slices.Contains(names, name) {
			w.mu.Lock()
			n++
			w.names[name] = &registration{status: fmt.Sprintf("step %d", n), expires: "2030-01-01"}
			w.mu.Unlock()
		}
	}
	var mu sync.Mutex
	var events []watching.Event
	w.posted = func(e watching.Event) int {
		step()
		defer step()
		select {
		case <-ended:
		default:
			if rand.IntN(2) == 0 {
				return http.StatusServiceUnavailable
			}
		}
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e)
		return http.StatusOK
	}
	w.open(t)
	for range kills {
		cmd := w.command(t.Context(), names...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for range 1 + rand.IntN(40) {
			<-steps
		}
		cmd.Process.Kill()
		cmd.Wait()
	}
	over.Do(func() { close(ended) })
	if said, err := w.command(t.Context(), "--once").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	mu.Lock()
	defer mu.Unlock()
	last := make(map[string]string)
	doubles, number := 0, 0
	for i, e := range events {
		if i > 0 && e.ID == events[i-1].ID {
			doubles++
			continue
		}
		_, text, _ := strings.Cut(e.ID, "-")
		if id, err := strconv.Atoi(text); err != nil || id != number+1 {
			t.Errorf("the event after %d is %s", number, e.ID)
		}
		number++
		if old := last[e.Name]; old != "" && old != e.Old {
			t.Errorf("%s was %s, and then goes from %s to %s", e.Name, old, e.Old, e.New)
		}
		last[e.Name] = e.New
	}
	if doubles > kills || number < kills {
		t.Errorf("%d events, of which %d came twice", number, doubles)
	}
	t.Logf("%d events after %d kills, of which %d came twice", number, kills, doubles)
	for _, name := range names {
		out, err := exec.Command("domprobe", "watch", "--state", filepath.Join(w.dir, "names.db"), "--list", "-f", "jsonl").Output()
		if err != nil || !strings.Contains(string(out), fmt.Sprintf("%q:%q", "status", last[name])) {
			t.Errorf("%s was %s; the list is %s, %v", name, last[name], out, err)
		}
	}
	if w.failed != nil {
		t.Errorf("bad requests: %q", w.failed)
	}
}
