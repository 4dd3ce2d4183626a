package dnstest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

func TestTurncoat(t *testing.T) {
	query := func(name string, qtype uint16) *dns.Msg { return new(dns.Msg).SetQuestion(name, qtype) }
	lies := func(tc *Turncoat, q *dns.Msg) bool { return tc.Answer(q).Rcode == dns.RcodeRefused }
	turncoat := func(when func(int, time.Duration) bool, caches bool) *Turncoat {
		return &Turncoat{
			Honest: world.Resolve, Lie: func(q *dns.Msg) *dns.Msg { return Rcode(q, dns.RcodeRefused) },
			Lies: when, Caches: caches,
		}
	}
	t.Run("after", func(t *testing.T) {
		tc := turncoat(LiesAfter(2), false)
		for i := range 5 {
			if got := lies(tc, query("go.dev.", dns.TypeDS)); got != (i >= 2) {
				t.Errorf("response %d lies: %t", i, got)
			}
		}
	})
	t.Run("between", func(t *testing.T) {
		tc := turncoat(LiesBetween(1, 3), false)
		for i := range 5 {
			if got := lies(tc, query("go.dev.", dns.TypeDS)); got != (i == 1 || i == 2) {
				t.Errorf("response %d lies: %t", i, got)
			}
		}
	})
	t.Run("cached", func(t *testing.T) {
		tc := turncoat(LiesAfter(1), true)
		for i, step := range []struct {
			name  string
			qtype uint16
			lies  bool
		}{
			{"go.dev.", dns.TypeDS, false}, {"GO.dev.", dns.TypeDS, false}, {"go.dev.", dns.TypeA, true}, {"no.dev.", dns.TypeDS, true},
		} {
			if got := lies(tc, query(step.name, step.qtype)); got != step.lies {
				t.Errorf("response %d lies: %t", i, got)
			}
		}
		tc.Lies = LiesAfter(1000)
		if !lies(tc, query("no.dev.", dns.TypeDS)) {
			t.Error("a cached lie is forgotten")
		}
	})
	t.Run("during", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Hour) // the time counts from the first query
			tc, always := turncoat(LiesDuring(time.Second, 2*time.Second), false), turncoat(LiesDuring(time.Second, 0), false)
			for i := range 4 {
				q := query("go.dev.", dns.TypeDS)
				if got := lies(tc, q); got != (i == 1) {
					t.Errorf("after %d s it lies: %t", i, got)
				}
				if got := lies(always, q); got != (i >= 1) {
					t.Errorf("after %d s the other lies: %t", i, got)
				}
				time.Sleep(time.Second)
			}
		})
	})
}
