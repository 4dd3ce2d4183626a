package rdap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/probe/internal/retryafter"
)

// after answers like next, when some time has passed.
func after(d time.Duration, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if sleep(req.Context(), d) == nil {
			next(w, req)
		}
	}
}

// A meter is a handler that notes when it was asked and how many requests
// were under way.
type meter struct {
	next http.HandlerFunc

	mu       sync.Mutex
	times    []time.Time
	now, max int
}

func (m *meter) handle(w http.ResponseWriter, req *http.Request) {
	m.mu.Lock()
	m.times = append(m.times, time.Now())
	m.now++
	m.max = max(m.max, m.now)
	m.mu.Unlock()
	m.next(w, req)
	m.mu.Lock()
	m.now--
	m.mu.Unlock()
}

// gap is the shortest time between two requests.
func (m *meter) gap() time.Duration {
	gap := time.Duration(1 << 62)
	for i := 1; i < len(m.times); i++ {
		gap = min(gap, m.times[i].Sub(m.times[i-1]))
	}
	return gap
}

// 200 names on 3 hosts, one of which refuses throughout: the other two finish
// at their own pace, and nothing is said of the names of the third.
func TestHostsDoNotWaitForOneAnother(t *testing.T) {
	boot := writeBootstrap(t, "aa", "https://a.example/", "bb", "https://b.example/", "cc", "https://c.example/")
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := &meter{next: after(300*time.Millisecond, say(404, notFound))}
		b := &meter{next: after(5*time.Second, say(200, `{"objectClassName":"domain"}`))}
		c := &meter{next: after(100*time.Millisecond, say(429, notFound))}
		client := newClient(t, Options{Rate: 1, Bootstrap: boot, CacheDir: dir, Transport: memory(map[string]http.HandlerFunc{
			"a.example": a.handle, "b.example": b.handle, "c.example": c.handle,
		})})

		start := time.Now()
		var mu sync.Mutex
		done := make(map[string]time.Duration) // by TLD: when its last name had its answer
		count := make(map[string]int)
		var wg sync.WaitGroup
		for i := range 200 {
			tld := []string{"aa", "bb", "cc"}[i%3]
			wg.Go(func() {
				ans := client.Ask(t.Context(), fmt.Sprintf("name%d.%s", i, tld))
				mu.Lock()
				defer mu.Unlock()
				done[tld] = time.Since(start)
				count[fmt.Sprint(tld, " ", ans.Status, " ", ans.Reason)]++
				if tld == "cc" && ans.RetryAfter <= 0 {
					t.Errorf("name of the host that refuses: %+v without RetryAfter", ans)
				}
			})
		}
		wg.Wait()

		refused := count["cc unconfirmed rate-limited"] + count["cc unconfirmed circuit-open"]
		if count["aa not-registered "] != 67 || count["bb registered "] != 67 || refused != 66 || count["cc unconfirmed circuit-open"] < 60 {
			t.Errorf("answers: %v", count)
		}
		// 67 requests a second apart; 67 requests of 5 s, two at a time.
		if d := done["aa"]; d < 66*time.Second || d > 67*time.Second {
			t.Errorf("the first host took %v for 67 names at 1 a second", d)
		}
		if d := done["bb"]; d < 165*time.Second || d > 175*time.Second {
			t.Errorf("the second host took %v for 67 names of 5 s, two at a time", d)
		}
		if d := done["cc"]; d > 2*time.Minute || len(c.times) > maxStrikes+1 {
			t.Errorf("the host that refuses was asked %d times in %v", len(c.times), d)
		}
		for _, m := range []*meter{a, b, c} {
			if m.gap() < time.Second || m.max > 2 {
				t.Errorf("requests %v apart, %d under way", m.gap(), m.max)
			}
		}
		if b.max != 2 {
			t.Errorf("%d requests under way to the slow host, want 2", b.max)
		}
	})
}

func TestBackOff(t *testing.T) {
	boot, dir := writeBootstrap(t, "test", "https://a.example/"), t.TempDir()
	for _, tt := range []struct {
		name   string
		header func() string
		pause  time.Duration // before the second try; zero: none is made
	}{
		{"seconds", func() string { return "42" }, 42 * time.Second},
		{"date", func() string { return time.Now().Add(17 * time.Second).UTC().Format(http.TimeFormat) }, 17 * time.Second},
		{"date in the past", func() string { return "Sat, 01 Jan 1994 00:00:00 GMT" }, firstBackOff},
		{"none", func() string { return "" }, firstBackOff},
		{"nonsense", func() string { return "-5" }, firstBackOff},
		{"as long as a name waits", func() string { return "60" }, time.Minute},
		{"longer than a name waits", func() string { return "61" }, 0},
		{"overflow", func() string { return "99999999999999999999" }, firstBackOff},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(meter)
				m.next = func(w http.ResponseWriter, req *http.Request) {
					if len(m.times) > 1 {
						say(404, notFound)(w, req)
						return
					}
					w.Header().Set("Retry-After", tt.header())
					w.WriteHeader(http.StatusTooManyRequests)
				}
				c := newClient(t, Options{Bootstrap: boot, CacheDir: dir, Transport: memory(map[string]http.HandlerFunc{"a.example": m.handle})})
				a := c.Ask(t.Context(), "name.test")
				if tt.pause == 0 {
					if len(m.times) != 1 || a.Reason != RateLimited || a.RetryAfter != 61*time.Second {
						t.Errorf("asked %d times: %+v", len(m.times), a)
					}
					return
				}
				if len(m.times) != 2 || a.Status != NotRegistered {
					t.Fatalf("asked %d times: %+v", len(m.times), a)
				}
				if m.gap() != tt.pause {
					t.Errorf("asked again after %v, want %v", m.gap(), tt.pause)
				}
			})
		})
	}
}

// A host that wants to be left alone for longer than a name waits is, for as
// long as it wants, and its names say so at once.
func TestLongRetryAfter(t *testing.T) {
	boot, dir := writeBootstrap(t, "test", "https://a.example/"), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m := new(meter)
		m.next = func(w http.ResponseWriter, req *http.Request) {
			if len(m.times) > 1 {
				say(404, notFound)(w, req)
				return
			}
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusTooManyRequests)
		}
		c := newClient(t, Options{Bootstrap: boot, CacheDir: dir, Transport: memory(map[string]http.HandlerFunc{"a.example": m.handle})})
		start := time.Now()
		for _, passed := range []time.Duration{0, 539 * time.Second} {
			sleep(t.Context(), passed-time.Since(start))
			a := c.Ask(t.Context(), "name.test")
			if a.Reason != RateLimited || a.RetryAfter != 600*time.Second-passed || len(m.times) != 1 || time.Since(start) != passed {
				t.Errorf("asked %d times in %v: %+v", len(m.times), time.Since(start), a)
			}
		}
		sleep(t.Context(), 10*time.Second)
		a := c.Ask(t.Context(), "name.test")
		if a.Status != NotRegistered || m.gap() != 600*time.Second {
			t.Errorf("asked again after %v: %+v", m.gap(), a)
		}
	})
}

func TestRetryAfterHasACap(t *testing.T) {
	for _, v := range []string{"7200", "2000000000", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		if d := retryafter.Parse(http.Header{"Retry-After": {v}}, maxBackOff); d != maxBackOff {
			t.Errorf("Retry-After %s = %v, want %v", v, d, maxBackOff)
		}
	}
}

// The circuit opens after failures in a row, is silent while it is open, opens
// again for longer at the next failure, and closes when the host answers.
func TestCircuit(t *testing.T) {
	boot, dir := writeBootstrap(t, "test", "https://a.example/"), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		code := http.StatusInternalServerError
		m := &meter{next: func(w http.ResponseWriter, req *http.Request) { say(code, notFound)(w, req) }}
		c := newClient(t, Options{Bootstrap: boot, CacheDir: dir, Transport: memory(map[string]http.HandlerFunc{"a.example": m.handle})})
		ask := func(want Reason, asked int) {
			t.Helper()
			before := time.Now()
			a := c.Ask(t.Context(), "name.test")
			if a.Reason != want || len(m.times) != asked {
				t.Fatalf("%+v after %d requests, want %q after %d", a, len(m.times), want, asked)
			}
			if want == CircuitOpen && (time.Since(before) != 0 || a.RetryAfter <= 0) {
				t.Errorf("%+v took %v", a, time.Since(before))
			}
		}
		for i := range maxStrikes {
			ask(HTTPError, i+1)
		}
		ask(CircuitOpen, maxStrikes)
		sleep(t.Context(), firstCooldown-1)
		ask(CircuitOpen, maxStrikes)
		sleep(t.Context(), 1)
		ask(HTTPError, maxStrikes+1)
		sleep(t.Context(), 2*firstCooldown-1)
		ask(CircuitOpen, maxStrikes+1)
		sleep(t.Context(), 1)
		code = http.StatusNotFound
		ask("", maxStrikes+2)
		code = http.StatusInternalServerError
		for i := range maxStrikes {
			ask(HTTPError, maxStrikes+3+i)
		}
		ask(CircuitOpen, 2*maxStrikes+2)
	})
}

// Silence, and a host that cannot be reached, are failures like an HTTP error.
func TestCircuitOpensForSilence(t *testing.T) {
	boot, dir := writeBootstrap(t, "test", "https://a.example/"), t.TempDir()
	for want, ask := range map[Reason]roundTripper{
		Unreachable: func(*http.Request) (*http.Response, error) { return nil, errors.New("down") },
		Timeout: func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, Options{Bootstrap: boot, CacheDir: dir, Transport: ask})
			for range maxStrikes {
				if a := c.Ask(t.Context(), "name.test"); a.Reason != want {
					t.Errorf("%+v, want %q", a, want)
				}
			}
			if a := c.Ask(t.Context(), "name.test"); a.Reason != CircuitOpen {
				t.Errorf("after %d times %q: %+v", maxStrikes, want, a)
			}
		})
	}
}

// What a host learns from how requests end, step by step.
func TestHostLearns(t *testing.T) {
	refused := func(after time.Duration) *Error {
		return &Error{Reason: RateLimited, RetryAfter: after, Err: errors.New("429")}
	}
	failed := func() *Error { return &Error{Reason: HTTPError, Err: errors.New("500"), failed: true} }
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, h *host, left func(reason Reason, want time.Duration))
	}{
		{"a refusal does not shorten another's back-off", func(t *testing.T, h *host, left func(Reason, time.Duration)) {
			h.learn(refused(50 * time.Second))
			h.learn(refused(10 * time.Second))
			left("", 50*time.Second)
		}},
		{"refusals without a time double", func(t *testing.T, h *host, left func(Reason, time.Duration)) {
			h.maxWait = time.Hour
			for i := range maxStrikes {
				e := refused(0)
				if h.learn(e); e.RetryAfter != firstBackOff<<i {
					t.Errorf("refusal %d: %v", i, e.RetryAfter)
				}
			}
		}},
		{"a back-off that the host did not ask for is one that a name waits", func(t *testing.T, h *host, left func(Reason, time.Duration)) {
			for range maxStrikes - 1 {
				h.learn(failed())
			}
			e := refused(0)
			if h.learn(e); e.RetryAfter != time.Minute {
				t.Errorf("%v", e.RetryAfter)
			}
		}},
		{"failures beside one another open the circuit once", func(t *testing.T, h *host, left func(Reason, time.Duration)) {
			for range maxStrikes + 3 {
				h.learn(failed())
				time.Sleep(time.Second)
			}
			left(CircuitOpen, firstCooldown-4*time.Second)
			time.Sleep(firstCooldown)
			h.learn(failed())
			left(CircuitOpen, 2*firstCooldown)
		}},
		{"the circuit is open for as long as the host asked", func(t *testing.T, h *host, left func(Reason, time.Duration)) {
			for range maxStrikes - 1 {
				h.learn(failed())
			}
			h.learn(refused(30 * time.Minute))
			left(CircuitOpen, 30*time.Minute)
		}},
		{"openings double up to an hour", func(t *testing.T, h *host, left func(Reason, time.Duration)) {
			for range maxStrikes - 1 {
				h.learn(failed())
			}
			for _, minutes := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
				h.learn(failed())
				left(CircuitOpen, minutes*time.Minute)
				time.Sleep(minutes * time.Minute)
			}
		}},
		{"an answer makes the next opening short", func(t *testing.T, h *host, left func(Reason, time.Duration)) {
			for range 2 {
				for range maxStrikes {
					left("", 0)
					h.learn(failed())
				}
				left(CircuitOpen, firstCooldown)
				time.Sleep(firstCooldown)
				h.learn(nil)
			}
		}},
		{"errors about the name count for nothing", func(t *testing.T, h *host, left func(Reason, time.Duration)) {
			for range maxStrikes {
				h.learn(&Error{Reason: BadReply, Err: errors.New("HTML")})
			}
			left("", 0)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				h := newClient(t, Options{CacheDir: dir}).host("a.example")
				tt.run(t, h, func(reason Reason, want time.Duration) {
					t.Helper()
					wait, err := h.backOff()
					if err != nil {
						wait = err.RetryAfter
					} else if reason != "" {
						t.Errorf("left alone without the reason %q", reason)
					}
					if wait != want || err != nil && err.Reason != reason {
						t.Errorf("left alone for %v, %v; want %v, %q", wait, err, want, reason)
					}
				})
			})
		})
	}
}

// A name that waits for the rate while the host refuses another waits for the
// end of the back-off too.
func TestRefusedWhileWaiting(t *testing.T) {
	boot, dir := writeBootstrap(t, "test", "https://a.example/"), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m := new(meter)
		m.next = func(w http.ResponseWriter, req *http.Request) {
			if len(m.times) > 1 {
				say(404, notFound)(w, req)
				return
			}
			sleep(req.Context(), 500*time.Millisecond)
			w.Header().Set("Retry-After", "10")
			w.WriteHeader(http.StatusTooManyRequests)
		}
		c := newClient(t, Options{Rate: 1, Bootstrap: boot, CacheDir: dir, Transport: memory(map[string]http.HandlerFunc{"a.example": m.handle})})
		var wg sync.WaitGroup
		for i := range 2 {
			wg.Go(func() {
				if a := c.Ask(t.Context(), fmt.Sprintf("name%d.test", i)); a.Status != NotRegistered {
					t.Errorf("%+v", a)
				}
			})
		}
		wg.Wait()
		if len(m.times) != 3 || m.times[1].Sub(m.times[0]) != 10500*time.Millisecond {
			t.Errorf("asked at %v", m.times)
		}
	})
}

// A circuit that opens while a request waits for the rate lets it go unsent.
func TestCircuitOpensWhileWaiting(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := newClient(t, Options{Rate: 1, CacheDir: dir}).host("a.example")
		sent := 0
		request := func() *Error { sent++; return nil }
		h.do(t.Context(), request)
		go func() {
			sleep(t.Context(), 500*time.Millisecond)
			for range maxStrikes {
				h.learn(&Error{Reason: HTTPError, Err: errors.New("500"), failed: true})
			}
		}()
		if err := h.do(t.Context(), request); err == nil || err.Reason != CircuitOpen || sent != 1 {
			t.Errorf("%v, %d requests sent", err, sent)
		}
	})
}

// That a host wants to be left alone for long is said once.
func TestLeftAloneOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := newClient(t, Options{CacheDir: dir, Log: slog.New(slog.NewTextHandler(&log, nil))}).host("a.example")
		for range 3 {
			h.learn(&Error{Reason: RateLimited, RetryAfter: 10 * time.Minute, Err: errors.New("429")})
		}
		if n := strings.Count(log.String(), "left alone"); n != 1 {
			t.Errorf("%d warnings:\n%s", n, &log)
		}
	})
}

// Errors that are about the name do not count against the host.
func TestCircuitStaysClosed(t *testing.T) {
	for _, code := range []int{400, 401, 404} {
		m := &meter{next: say(code, `{"errorCode":400}`)}
		c := newClient(t, Options{
			Bootstrap: writeBootstrap(t, "test", "https://a.example/"),
			Transport: memory(map[string]http.HandlerFunc{"a.example": m.handle}),
		})
		for range 3 * maxStrikes {
			c.Ask(t.Context(), "name.test")
		}
		if len(m.times) != 3*maxStrikes {
			t.Errorf("status %d: asked %d times, want %d", code, len(m.times), 3*maxStrikes)
		}
	}
}

// A body that never ends costs no more than the deadline, or the most bytes.
func TestEndlessBody(t *testing.T) {
	boot, dir := writeBootstrap(t, "test", "https://a.example/"), t.TempDir()
	for _, tt := range []struct {
		pause time.Duration
		want  Reason
	}{{time.Second, Timeout}, {0, BadReply}} {
		synctest.Test(t, func(t *testing.T) {
			var body *drip
			c := newClient(t, Options{Bootstrap: boot, CacheDir: dir, Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				w.Header().Set("Content-Type", rdapJSON)
				resp := w.Result()
				body = &drip{ctx: req.Context(), pause: tt.pause}
				resp.Body = io.NopCloser(body)
				return resp, nil
			})})
			start := time.Now()
			if a := c.Ask(t.Context(), "name.test"); a.Reason != tt.want {
				t.Errorf("a byte every %v: %+v, want %q", tt.pause, a, tt.want)
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("a byte every %v: took %v", tt.pause, d)
			}
			if body.given > 2<<20 {
				t.Errorf("a byte every %v: read %d", tt.pause, body.given)
			}
		})
	}
}

// A drip gives more blanks than anyone wants: one at a time, or without a pause as
// many as fit.
type drip struct {
	ctx   context.Context
	pause time.Duration
	given int
}

func (d *drip) Read(p []byte) (int, error) {
	if d.given > 16<<20 {
		return 0, io.EOF
	}
	if err := sleep(d.ctx, d.pause); d.ctx.Err() != nil {
		return 0, errors.Join(err, d.ctx.Err())
	}
	if d.pause > 0 {
		p = p[:1]
	}
	for i := range p {
		p[i] = ' '
	}
	d.given += len(p)
	return len(p), nil
}

// Whoever gives up while waiting for a host is let go at once.
func TestCanceledWhileWaiting(t *testing.T) {
	boot, dir := writeBootstrap(t, "test", "https://a.example/"), t.TempDir()
	for _, tt := range []struct {
		name string
		next http.HandlerFunc
	}{
		{"for the rate and a place", say(404, notFound)},
		{"for a reply", after(time.Hour, say(404, notFound))},
		{"for the end of a back-off", say(429, "")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, Options{Rate: 0.001, Timeout: time.Hour, Bootstrap: boot, CacheDir: dir,
					Transport: memory(map[string]http.HandlerFunc{"a.example": tt.next})})
				ctx, cancel := context.WithCancel(t.Context())
				start := time.Now()
				var wg sync.WaitGroup
				for i := range 10 {
					wg.Go(func() {
						a := c.Ask(ctx, fmt.Sprintf("name%d.test", i))
						if a.Reason != Canceled && a.Status != NotRegistered {
							t.Errorf("%+v", a)
						}
						if d := time.Since(start); d > 3*time.Second {
							t.Errorf("let go after %v", d)
						}
					})
				}
				sleep(t.Context(), 3*time.Second)
				cancel()
				wg.Wait()
			})
		})
	}
}

// The transport of a Client without one goes through the environment's proxies.
func TestProxyFromEnvironment(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.String() != "http://rdap.example/domain/name.test" {
			t.Errorf("proxy asked for %s", req.URL)
		}
		play(w, req, rows[0], "")
	}))
	defer proxy.Close()
	out := runHelper(t, "confirm", []string{"HTTP_PROXY=" + proxy.URL, "NO_PROXY="},
		writeBootstrap(t, "test", "http://rdap.example/"), t.TempDir())
	if got := strings.TrimSpace(out); got != "registered" {
		t.Errorf("through a proxy: %q, want registered", got)
	}
}
