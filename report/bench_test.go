package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// usual is what most rows of a large run look like.
func usual(n int) []probe.Result {
	rows := make([]probe.Result, n)
	at := time.Date(2026, 3, 14, 15, 9, 26, 535_897_932, time.UTC)
	for i := range rows {
		rows[i] = probe.Result{
			Candidate: candidate.Candidate{Name: "abandonment.com", Keyword: "abandonment", TLD: "com"},
			Verdict:   probe.NotFound, Reason: probe.NXDomain, Source: "dns", Rcode: 3,
			Server: "127.0.0.1:5301", RTT: 1234567, Tries: 1, TTL: 900 * time.Second,
			At: at.Add(time.Duration(i) * 3 * time.Microsecond),
		}
	}
	return rows
}

func BenchmarkWrite(b *testing.B) {
	for _, format := range Formats() {
		b.Run(format, func(b *testing.B) {
			w, err := New(format, io.Discard, Options{})
			if err != nil {
				b.Fatal(err)
			}
			rows := usual(1000)
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(rows); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)), "ns/row")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, format := range machineFormats {
		b.Run(format, func(b *testing.B) {
			var out bytes.Buffer
			w, err := New(format, &out, Options{})
			if err != nil {
				b.Fatal(err)
			}
			const n = 1000
			if err := errors.Join(w.Write(usual(n)), w.Close()); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if rows, err := readAll(bytes.NewReader(out.Bytes()), format); err != nil || len(rows) != n {
					b.Fatal(len(rows), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
		})
	}
}

func BenchmarkSettled(b *testing.B) {
	const n = 1 << 20
	s := newSettled(n)
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("word%d.com", i)
		s.add(&probe.Result{Candidate: candidate.Candidate{Name: names[i], TLD: "com"}, Verdict: probe.Found})
	}
	s.sort()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i = (i + 7919) % n; !s.Has(names[i], "com") {
			b.Fatal(names[i])
		}
	}
}
