package transport

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

// Whoever asks, and whenever, gets no more than the rate and one burst, and no
// less than the rate if it comes back when it was told to.
func TestLimit(t *testing.T) {
	for _, rate := range []float64{0.5, 1, 7, 100, 333, 10000} {
		l := NewLimit(rate)
		rng := rand.New(rand.NewPCG(1, uint64(rate)))
		began := time.Unix(1000, 0)
		now, granted := began, 0
		for now.Sub(began) < 20*time.Second {
			n, wait := l.take(now, 1+rng.IntN(50))
			granted += n
			most := rate*now.Sub(began).Seconds() + max(rate/10, 1) + 1e-6
			if float64(granted) > most {
				t.Fatalf("rate %v: %d granted in %v, at most %v", rate, granted, now.Sub(began), most)
			}
			now = now.Add(max(wait, time.Duration(rng.Int64N(int64(time.Millisecond)))))
			if rng.IntN(10) == 0 {
				l.take(now.Add(-time.Second), 0) // a clock that is behind
			}
		}
		if least := rate*now.Sub(began).Seconds()*0.98 - 2; float64(granted) < least {
			t.Errorf("rate %v: only %d granted in %v", rate, granted, now.Sub(began))
		}
	}
}

func TestLimitNone(t *testing.T) {
	var l *Limit
	if n, wait := l.take(time.Now(), 1000); n != 1000 || wait != 0 {
		t.Errorf("no limit grants %d and waits %v", n, wait)
	}
}

// Coming back after the wait is never in vain: a wait of nothing, or one that is
// too short, would make the asker spin.
func TestLimitWait(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 2000 {
		rate := 1 + rng.Float64()*5000
		l := NewLimit(rate)
		now := time.Unix(1000, rng.Int64N(1e9))
		for range 20 {
			n, wait := l.take(now, 100000)
			if wait <= 0 {
				t.Fatalf("rate %v grants %d of 100000 and waits %v", rate, n, wait)
			}
			now = now.Add(wait)
			if n, _ := l.take(now, 1); n != 1 {
				t.Fatalf("rate %v: nothing after a wait of %v", rate, wait)
			}
		}
	}
}

func TestCookieJar(t *testing.T) {
	var j cookieJar
	j.init()
	client := hex.EncodeToString(j.client[:])
	carrying := func(cookie string) []byte {
		m := response(t)
		if cookie != "" {
			m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_PADDING{Padding: make([]byte, 5)}, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: cookie}}
		}
		return mustPack(t, m)
	}
	if got := string(j.forServer()); got != string(j.client[:]) {
		t.Errorf("at first %x is sent, not the client's cookie", got)
	}
	for _, test := range []struct {
		name   string
		cookie string
		want   Rule
		keeps  string
	}{
		{"none", "", Passed, client},
		{"client's only", client, Passed, client},
		{"another client's", "0011223344556677" + "8899aabbccddeeff", WrongCookie, client},
		{"too short", client[:8], WrongCookie, client},
		{"the server's", client + "8899aabbccddeeff", Passed, client + "8899aabbccddeeff"},
		{"a new one", client + "8899aabbccddee0000", Passed, client + "8899aabbccddee0000"},
		{"none again", "", Passed, client + "8899aabbccddee0000"},
		{"server's too short", client + "8899aabbccddee", WrongCookie, client + "8899aabbccddee0000"},
		{"server's too long", client + strings.Repeat("00", 33), WrongCookie, client + "8899aabbccddee0000"},
		{"longer than an octet counts", client + strings.Repeat("00", 300), WrongCookie, client + "8899aabbccddee0000"},
		{"the longest", client + strings.Repeat("ab", 32), Passed, client + strings.Repeat("ab", 32)},
	} {
		if rule := j.check(carrying(test.cookie)); rule != test.want {
			t.Errorf("%s: %v, want %v", test.name, rule, test.want)
		}
		if got := hex.EncodeToString(j.forServer()); got != test.keeps {
			t.Errorf("%s: %s is sent from then on, want %s", test.name, got, test.keeps)
		}
	}
	m := response(t)
	m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE}}
	if rule := j.check(mustPack(t, m)); rule != WrongCookie {
		t.Errorf("of no octets: %v", rule)
	}
	m.Extra = nil
	if rule := j.check(mustPack(t, m)); rule != Passed {
		t.Errorf("without OPT: %v", rule)
	}
}

// A rate that is all but zero, or none at all, makes waits that time can hold.
func TestLimitSlow(t *testing.T) {
	for _, rate := range []float64{1e-10, 0, -1, math.NaN(), math.SmallestNonzeroFloat64} {
		l := NewLimit(rate)
		now := time.Unix(1000, 0)
		if n, _ := l.take(now, 5); n != 1 {
			t.Errorf("rate %v grants %d at once", rate, n)
		}
		n, wait := l.take(now, 5)
		if n != 0 || wait < time.Hour || !now.Add(wait).After(now) {
			t.Errorf("rate %v grants %d more and waits %v", rate, n, wait)
		}
	}
}

// However often a query may be asked, it may be asked.
func TestTriesExtremes(t *testing.T) {
	for tries, want := range map[uint8]uint8{0: 2, 1: 2, 3: 6, 127: 254, 128: 255, 255: 255} {
		if got := mostTries(&Query{Tries: tries}); got != want {
			t.Errorf("Tries %d: sent %d times at most, want %d", tries, got, want)
		}
	}
	inBubble(t, "many tries", dnstest.Host{UDP: func([]byte, netip.AddrPort) []dnstest.Reply { return nil }}, NewUDP, func(t *testing.T, e Engine, b *box) {
		qs := ask(2, 128)
		qs[0].Tries, qs[1].Tries = 128, 255
		qs[1].Backoff = 255
		e.Ask(qs)
		outs := b.wait(t, 2)
		if outs[0].Tries < 128 || outs[1].Tries < 254 || outs[0].Failure != Timeout || outs[1].Failure != Timeout {
			t.Errorf("%+v, %+v", outs[0], outs[1])
		}
	})
}
