package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"domprobe/candidate"
)

// BenchmarkHostile is the request that makes a server work most: 300 keywords of
// 250 Chinese characters under 33 TLDs.
func BenchmarkHostile(b *testing.B) {
	s, err := New(Options{Prober: &script{}, ClientRate: -1})
	if err != nil {
		b.Fatal(err)
	}
	var long []string
	for i := range 300 {
		long = append(long, fmt.Sprint(strings.Repeat("\u56fd", 250), i))
	}
	body, err := json.Marshal(query{Keyword: long, TLD: candidate.TLDs()[:33]})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r := httptest.NewRequest("POST", "http://localhost/v1/probe", bytes.NewReader(body))
		jsonBody(r)
		w := &discard{header: http.Header{}}
		if s.ServeHTTP(w, r); w.status != 200 {
			b.Fatal(w.status)
		}
	}
}
