package probe

import (
	"testing"
	"time"

	"domprobe/probe/internal/trust"
)

// A server that has failed is looked at again when its time has come, but one that has lied
// only where not many others are believed.
func TestLookAtAnother(t *testing.T) {
	now := time.Unix(1e9, 0)
	for _, test := range []struct {
		name    string
		reason  Reason
		again   time.Time
		trusted int
		want    bool
	}{
		{"it was silent", Timeout, now, crowd + 1, true},
		{"it was silent a moment ago", Timeout, now.Add(1), 1, false},
		{"it lied", DeniesKnown, now, crowd, true},
		{"it lied, others are plenty", DeniesKnown, now, crowd + 1, false},
		{"it found every name, others are plenty", Hijacked, now, crowd + 1, false},
	} {
		e, s := evidenceOfOne(t)
		e.now = now
		z := newZone("dev", e.given)
		b := &bench{zone: &z, server: s, finding: trust.Finding{Standing: trust.Failed, Reason: test.reason}, again: test.again}
		z.benches[s], z.failed, z.trusted = b, 1, make([]*bench, test.trusted)
		e.lookAtAnother(&z)
		if began := z.failed == 0; began != test.want {
			t.Errorf("%s: looked at again %t", test.name, began)
		}
	}
}

// A name that the registry holds without a delegation is not worth the time-outs of a
// server that was down, though others may look whether it is back.
func TestChooseQuicklyInZone(t *testing.T) {
	for _, test := range []struct {
		name   string
		reason Reason
		down   bool
		want   bool
	}{
		{"well", InZone, false, true},
		{"down", InZone, true, false},
		{"down, and the name is anybody's", "", true, true},
	} {
		e, s := evidenceOfOne(t)
		e.now = time.Unix(1e9, 0)
		z := newZone("dev", e.given)
		z.trusted = []*bench{{zone: &z, server: s, finding: trust.Finding{Standing: trust.Passed}}}
		if test.down {
			s.silences = silentBound
		}
		q := new(query)
		q.zone, q.reason = &z, test.reason
		if got := e.chooseQuickly(q); (got == s) != test.want {
			t.Errorf("%s: chosen %t", test.name, got == s)
		}
	}
}
