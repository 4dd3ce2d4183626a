package daemon

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// A recorder notes how a test ends.
type recorder struct {
	testing.TB
	end string
}

func (r *recorder) Helper() {}

func (r *recorder) Skip(args ...any) { r.stop("skip: ", args) }

func (r *recorder) Fatal(args ...any) { r.stop("fatal: ", args) }

func (r *recorder) stop(how string, args []any) {
	r.end = how + fmt.Sprint(args...)
	runtime.Goexit()
}

func TestNeed(t *testing.T) {
	const why = "dnsmasq is not installed: apt-get install dnsmasq-base"
	t.Setenv("PATH", "")
	for _, tt := range []struct{ require, path, end, want string }{
		{"", "/nonexistent/dnsmasq", "skip: " + why, ""},
		{"1", "/nonexistent/dnsmasq", "fatal: " + why, ""},
		{"1", "daemon.go", "", "daemon.go"},
	} {
		t.Setenv("DOMPROBE_REQUIRE_SERVERS", tt.require)
		r, got, done := &recorder{TB: t}, "", make(chan struct{})
		go func() {
			defer close(done)
			got = Need(r, "dnsmasq", tt.path)
		}()
		<-done
		if r.end != tt.end || got != tt.want {
			t.Errorf("%s, required %q: %q and %q, want %q and %q", tt.path, tt.require, got, r.end, tt.want, tt.end)
		}
	}
}

// Under rate limiting NSD answers some denials with TC and others not at all.
func TestRateLimit(t *testing.T) {
	limited := NSD{Zones: []Zone{testZone}, RateLimit: 20}.Start(t)
	free := NSD{Zones: []Zone{testZone}}.Start(t)
	const n = 1000
	slips := func(d *Daemon) (slipped, answered int) {
		conn, err := dns.Dial("udp", d.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var sending sync.WaitGroup
		sending.Go(func() {
			for i := range n {
				if err := conn.WriteMsg(new(dns.Msg).SetQuestion(fmt.Sprintf("no%d.dev.", i), dns.TypeNS)); err != nil {
					t.Error(err)
				}
			}
		})
		defer sending.Wait()
		for answered < n {
			conn.SetReadDeadline(time.Now().Add(5 * time.Second))
			r, err := conn.ReadMsg()
			if err != nil {
				break
			}
			answered++
			if r.Truncated && len(r.Ns) == 0 {
				slipped++
			}
		}
		return slipped, answered
	}
	if slipped, answered := slips(limited); slipped == 0 || answered == n {
		t.Errorf("limited: %d of %d answered, %d of them slips", answered, n, slipped)
	}
	if slipped, _ := slips(free); slipped != 0 {
		t.Errorf("without a limit there are %d slips", slipped)
	}
}

func TestKillRegistry(t *testing.T) {
	for name, d := range map[string]*Daemon{
		"nsd": NSD{Zones: []Zone{testZone}}.Start(t), "knot": Knot{Zones: []Zone{testZone}}.Start(t),
	} {
		d.Kill()
		// The children of NSD notice a moment later.
		refused := func() bool {
			_, err := dns.Exchange(new(dns.Msg).SetQuestion("dev.", dns.TypeSOA), d.Addr)
			return errors.Is(err, syscall.ECONNREFUSED)
		}
		for limit := time.Now().Add(2 * time.Minute); !refused(); {
			if time.Now().After(limit) {
				t.Errorf("%s, killed, still answers", name)
				break
			}
		}
	}
}
