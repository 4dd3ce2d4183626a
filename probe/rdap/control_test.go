package rdap

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A registrar is a handler that knows some names, and notes what it was asked.
type registrar struct {
	code map[string]int // by name; 404 for the others

	mu    sync.Mutex
	asked []string
}

func (r *registrar) handle(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := path.Base(req.URL.Path)
	r.asked = append(r.asked, name)
	switch code := r.code[name]; code {
	case 0:
		say(404, notFound)(w, req)
	case 200:
		say(200, fmt.Sprintf(`{"objectClassName":"domain","ldhName":%q}`, name))(w, req)
	case 451: // says that the name is reserved
		say(404, `{"errorCode":404,"title":"Reserved"}`)(w, req)
	default:
		say(code, `{"errorCode":500}`)(w, req)
	}
}

// A server that knows none of the names that must exist is not believed when
// it does not know another.
func TestControl(t *testing.T) {
	known := func(tld string) []string {
		if tld == "zz" {
			return nil
		}
		names := []string{"nic." + tld, "a." + tld, "b." + tld}
		if tld == "yy" {
			names = append(names, "c.yy", "d.yy", "e.yy")
		}
		return names
	}
	const base = "https://a.example/"
	boot, dir := writeBootstrap(t, "test", base, "xx", base, "yy", base, "zz", base, "ww", base+"other/"), t.TempDir()
	for _, tt := range []struct {
		name  string
		code  map[string]int
		ask   string // names
		want  string // statuses and reasons
		asked string
	}{
		{"knows the first", map[string]int{"nic.test": 200}, "free.test more.test free.xx",
			"not-registered not-registered not-registered", "free.test nic.test more.test free.xx"},
		{"reserves the first", map[string]int{"nic.test": 451}, "free.test more.test",
			"not-registered not-registered", "free.test nic.test more.test"},
		{"knows the last", map[string]int{"nic.test": 400, "b.test": 200}, "free.test more.test",
			"not-registered not-registered", "free.test nic.test a.test b.test more.test"},
		{"knows none", nil, "free.test more.test",
			"denies-known denies-known", "free.test nic.test a.test b.test more.test"},
		{"knows none of one TLD", map[string]int{"nic.xx": 200}, "free.test free.xx",
			"denies-known not-registered", "free.test nic.test a.test b.test free.xx nic.xx"},
		{"knows a name", map[string]int{"go.test": 200}, "go.test free.test",
			"registered not-registered", "go.test free.test"},
		{"no known names", nil, "free.zz more.zz", "not-registered not-registered", "free.zz more.zz"},
		{"registered needs none", map[string]int{"go.test": 200}, "go.test", "registered", "go.test"},
		{"reserved needs none", map[string]int{"go.test": 451}, "go.test", "reserved", "go.test"},
		// Its trouble is no word about the name, and does not last.
		{"fails", map[string]int{"nic.test": 500}, "free.test more.test",
			"http-error http-error", "free.test nic.test more.test nic.test"},
		{"refuses", map[string]int{"nic.test": 429}, "free.test", "rate-limited", "free.test nic.test nic.test nic.test"},
		{"knows none of many", map[string]int{"e.yy": 200}, "free.yy more.yy",
			"denies-known denies-known", "free.yy nic.yy a.yy b.yy c.yy more.yy"},
		{"is believed at one URL", map[string]int{"nic.test": 200}, "free.test free.ww",
			"not-registered denies-known", "free.test nic.test free.ww nic.ww a.ww b.ww"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &registrar{code: tt.code}
			c := newClient(t, Options{Bootstrap: boot, CacheDir: dir, Known: known, MaxWait: time.Millisecond,
				Transport: memory(map[string]http.HandlerFunc{"a.example": r.handle})})
			var got []string
			for name := range strings.FieldsSeq(tt.ask) {
				a := c.Ask(t.Context(), name)
				word := a.Status.String()
				if a.Status == Unconfirmed {
					word = string(a.Reason)
					if a.Source != "rdap" || a.Server != "a.example" || a.Err == nil {
						t.Errorf("%s: %+v", name, a)
					}
				}
				if tld := lastLabel(name); a.Reason == DeniesKnown && a.Err.Error() != "a.example: does not know nic."+tld+" either, which is registered" {
					t.Errorf("%s: %v", name, a.Err)
				}
				got = append(got, word)
			}
			if got, asked := strings.Join(got, " "), strings.Join(r.asked, " "); got != tt.want || asked != tt.asked {
				t.Errorf("%s by asking %s\nwant %s by asking %s", got, asked, tt.want, tt.asked)
			}
		})
	}
}

// Names that are asked about at once share one control. It is made again when
// it is an hour old.
func TestControlOnce(t *testing.T) {
	boot, dir := writeBootstrap(t, "test", "https://a.example/"), t.TempDir()
	for _, code := range []int{200, 0} {
		synctest.Test(t, func(t *testing.T) {
			r := &registrar{code: map[string]int{"nic.test": code}}
			c := newClient(t, Options{Bootstrap: boot, CacheDir: dir, Known: func(tld string) []string { return []string{"nic." + tld} },
				Transport: memory(map[string]http.HandlerFunc{"a.example": after(time.Second, r.handle)})})
			controls := func(ask int) (n int) {
				var wg sync.WaitGroup
				for i := range ask {
					wg.Go(func() { c.Ask(t.Context(), fmt.Sprintf("free-%d.test", i)) })
				}
				wg.Wait()
				for _, name := range r.asked {
					if name == "nic.test" {
						n++
					}
				}
				return n
			}
			if n := controls(20); n != 1 {
				t.Errorf("status %d: %d controls for 20 names", code, n)
			}
			time.Sleep(controlLife / 2)
			if n := controls(1); n != 1 {
				t.Errorf("status %d: %d controls after half an hour", code, n)
			}
			time.Sleep(controlLife / 2)
			if n := controls(1); n != 2 {
				t.Errorf("status %d: %d controls after an hour", code, n)
			}
		})
	}
}

// A circuit that opens before the control is no word about the known names.
func TestControlLeftAlone(t *testing.T) {
	var c *Client
	shut := func(till time.Time) {
		h := c.host("a.example")
		h.mu.Lock()
		defer h.mu.Unlock()
		h.open = till
	}
	r := &registrar{code: map[string]int{"nic.test": 200}}
	c = newClient(t, Options{Bootstrap: writeBootstrap(t, "test", "https://a.example/"), Known: func(tld string) []string { return []string{"nic." + tld} },
		Transport: memory(map[string]http.HandlerFunc{"a.example": func(w http.ResponseWriter, req *http.Request) {
			if r.handle(w, req); len(r.asked) == 1 {
				shut(time.Now().Add(time.Hour))
			}
		}})})
	if a := c.Ask(t.Context(), "free.test"); a.Reason != CircuitOpen || len(r.asked) != 1 {
		t.Errorf("%+v, asked %q", a, r.asked)
	}
	shut(time.Time{})
	if a := c.Ask(t.Context(), "free.test"); a.Status != NotRegistered {
		t.Errorf("%+v, asked %q", a, r.asked)
	}
}

// A name that waits for another's control is let go when its context ends.
func TestControlCanceled(t *testing.T) {
	boot, dir := writeBootstrap(t, "test", "https://a.example/"), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Options{Bootstrap: boot, CacheDir: dir, Known: func(tld string) []string { return []string{"nic." + tld} },
			InFlight: 100, Timeout: time.Hour,
			Transport: memory(map[string]http.HandlerFunc{"a.example": func(w http.ResponseWriter, req *http.Request) {
				if path.Base(req.URL.Path) == "nic.test" {
					<-req.Context().Done()
				}
				say(404, notFound)(w, req)
			}})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				if a := c.Ask(ctx, fmt.Sprintf("free-%d.test", i)); a.Reason != Canceled {
					t.Errorf("%+v", a)
				}
			})
		}
		start := time.Now()
		wg.Wait()
		if took := time.Since(start); took != time.Minute {
			t.Errorf("let go after %v", took)
		}
	})
}

// A registry from a file of the user's that IANA does not name may say that a name
// is registered. That one is not counts if it has every name that it must have.
func TestStranger(t *testing.T) {
	known := func(tld string) []string {
		if tld == "zz" {
			return nil
		}
		return []string{"nic." + tld, "a." + tld, "b." + tld}
	}
	const base = "https://a.example/"
	boot := writeBootstrap(t, "test", base, "xx", base, "zz", base, "com", "https://rdap.verisign.com/com/v1/", "net", "https://rdap.verisign.com/com/v1/")
	all := map[string]int{"nic.test": 200, "a.test": 200, "b.test": 451, "go.test": 200, "go.zz": 200, "nic.com": 200, "nic.net": 200}
	for _, tt := range []struct {
		name, want string
		without    string
	}{
		{"free.test", "not-registered", ""},
		{"free.test", "denies-known", "a.test"},
		{"go.test", "registered", "nic.test"},
		{"b.test", "reserved", "nic.test"},
		{"free.xx", "denies-known", ""},
		{"free.zz", "not-authoritative", ""},
		{"go.zz", "registered", ""},
		{"free.com", "not-registered", ""}, // as IANA has it
		{"free.net", "denies-known", ""},   // another TLD's
	} {
		r := &registrar{code: map[string]int{}}
		for name, code := range all {
			if name != tt.without {
				r.code[name] = code
			}
		}
		c := newClient(t, Options{Bootstrap: boot, Known: known,
			Transport: memory(map[string]http.HandlerFunc{"a.example": r.handle, "rdap.verisign.com": r.handle})})
		c.iana = false
		a := c.Ask(t.Context(), tt.name)
		if got := cmp.Or(string(a.Reason), a.Status.String()); got != tt.want {
			t.Errorf("%s without %q: %s, want %s; asked %q", tt.name, tt.without, got, tt.want, r.asked)
		}
		if again := c.Ask(t.Context(), tt.name); fmt.Sprint(again.Err) != fmt.Sprint(a.Err) {
			t.Errorf("%s without %q: %v, and then %v", tt.name, tt.without, a.Err, again.Err)
		}
	}
}

// That a stranger has one name vouches for none of its others.
func TestStrangerOfOneName(t *testing.T) {
	r := &registrar{code: map[string]int{"go.test": 200}}
	c := newClient(t, Options{Bootstrap: writeBootstrap(t, "test", "https://a.example/"), Known: func(tld string) []string { return []string{"nic." + tld} },
		Transport: memory(map[string]http.HandlerFunc{"a.example": r.handle})})
	c.iana = false
	for _, tt := range []struct {
		name string
		want Status
	}{{"go.test", Registered}, {"free.test", Unconfirmed}} {
		if a := c.Ask(t.Context(), tt.name); a.Status != tt.want {
			t.Errorf("%s: %+v", tt.name, a)
		}
	}
}

// That a stranger has the names of one TLD says nothing about another TLD.
func TestStrangerOfOneTLD(t *testing.T) {
	r := &registrar{code: map[string]int{"nic.test": 200}}
	c := newClient(t, Options{Bootstrap: writeBootstrap(t, "test", "https://a.example/", "xx", "https://a.example/"),
		Known:     func(tld string) []string { return []string{"nic." + tld} },
		Transport: memory(map[string]http.HandlerFunc{"a.example": r.handle})})
	c.iana = false
	if a := c.Ask(t.Context(), "free.test"); a.Status != NotRegistered {
		t.Errorf("%+v", a)
	}
	if a := c.Ask(t.Context(), "free.xx"); a.Reason != DeniesKnown {
		t.Errorf("%+v", a)
	}
}
