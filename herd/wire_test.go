package herd

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// A row that has travelled is what it was, bytes that are not UTF-8 included.
func TestRows(t *testing.T) {
	c := candidate.Parse("go.dev")
	c.Keyword = "g\xffo"
	want := probe.Result{
		Candidate: c, Verdict: probe.Found, Reason: probe.Delegated, Source: "dns+rdap", Rcode: -1, Server: "192.0.2.1:53",
		RTT: 1234567, Tries: 2, At: time.Unix(1e9, 5).UTC(), TTL: time.Minute, Parked: "park.example", Via: "ann",
		Registration: &probe.Registration{Registrar: "R\xff", Status: []string{"active"}}, Err: errors.New("no date"),
	}
	p, err := encode(&rows{Worker: "ann", Rows: []row{newRow(7, 3, &want)}})
	if err != nil {
		t.Fatal(err)
	}
	var got rows
	if err := decode(p, &got); err != nil {
		t.Fatal(err)
	}
	r := got.Rows[0]
	if back := r.result(c, got.Worker); r.Batch != 7 || r.Place != 3 || !reflect.DeepEqual(back, want) {
		t.Errorf("%+v, want %+v", back, want)
	}
	for _, bad := range [][]byte{nil, {wireVersion}, append([]byte{wireVersion + 1}, p[1:]...), p[:len(p)/2]} {
		if decode(bad, new(rows)) == nil {
			t.Errorf("%q is a message", bad)
		}
	}
}

// Rows that come twice, of no batch or of no place are dropped.
func TestFolded(t *testing.T) {
	o := newOut(newRoll(nil, false))
	o.add()
	id := o.enter([]candidate.Candidate{candidate.Parse("go.dev")}, nil)
	found := probe.Result{Verdict: probe.Found}
	rs := &rows{Worker: "ann", Rows: []row{newRow(id, 1, &found), newRow(id, -1, &found), newRow(id+1, 0, &found), newRow(id, 0, &found), newRow(id, 0, &found)}}
	if n := len(o.settle(rs)) + len(o.settle(rs)); n != 1 {
		t.Errorf("%d rows of one name", n)
	}
	if o.end(nil); o.count() != 0 {
		t.Errorf("%d names are out", o.count())
	}
}
