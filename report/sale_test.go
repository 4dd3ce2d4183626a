package report

import (
	"reflect"
	"strings"
	"testing"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/probe/forsale"
)

// hostile is what an owner may write into an offer.
const hostile = "=cmd|'/c calc'!A1,\"\x1b[2J\x00\u202e<script>|`\xc3\xa9\n\ta\\x1b"

func offered() []probe.Result {
	return []probe.Result{
		{Candidate: candidate.Candidate{Name: "go.dev"}, Verdict: probe.Found, Rcode: -1,
			Sale: forsale.Sale{Listed: true, Price: "EUR999 USD1100", URI: "https://a.example/?a=%3Cb%3E'\"", Text: hostile}},
		{Candidate: candidate.Candidate{Name: "go.com"}, Verdict: probe.Found, Rcode: -1, Sale: forsale.Sale{Listed: true}, Parked: "Dan.com"},
		{Candidate: candidate.Candidate{Name: "go.org"}, Verdict: probe.Found, Rcode: -1, Parked: hostile},
		{Candidate: candidate.Candidate{Name: "free.dev"}, Verdict: probe.NotFound, Rcode: -1},
	}
}

// The columns of offers are written only if they are asked for, and read back.
func TestOffers(t *testing.T) {
	for _, format := range Readable() {
		for _, o := range []Options{{}, {ForSale: true}, {Parked: true}, {ForSale: true, Parked: true}} {
			out := write(t, format, o, offered())
			if strings.ContainsAny(out, "\x1b\x00\u202e") || format != "json" && strings.Count(out, "\n") > 5 {
				t.Errorf("%s: %q", format, out)
			}
			if strings.Contains(out, "sale_text") != o.ForSale || strings.Contains(out, "parked") != o.Parked {
				t.Errorf("%s of %+v: %s", format, o, out)
			}
			want := offered()
			for i := range want {
				if want[i].SaleKnown = o.ForSale; !o.ForSale {
					want[i].Sale = forsale.Sale{}
				}
				if !o.Parked {
					want[i].Parked = ""
				}
			}
			got, err := readAll(strings.NewReader(out), format)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %+v: %v\n got %+v\nwant %+v", format, o, err, got, want)
			}
		}
	}
	bad := "domain,verdict,for_sale\na.dev,found,maybe\n"
	if _, err := readAll(strings.NewReader(bad), "csv"); err == nil || !strings.Contains(err.Error(), "neither yes nor empty") {
		t.Errorf("%v", err)
	}
}

// Two reports that have offers differ about a name whose offer comes, changes or goes.
func TestOfferChanges(t *testing.T) {
	const old = "domain,verdict,checked_at,for_sale,price\na.dev,found,,,\nb.dev,found,,yes,EUR9\nc.dev,found,,yes,EUR9\n" +
		"d.dev,found,,yes,EUR9\ne.dev,found,,yes,EUR9\nf.dev,not-found,,,\n"
	const now = "domain,verdict,checked_at,for_sale,price\na.dev,found,,yes,\nb.dev,found,,yes,EUR\x1b8\nc.dev,found,,,\n" +
		"d.dev,found,,yes,EUR9\ne.dev,not-found,,,\nf.dev,found,,yes,EUR1\n"
	const without = "domain,verdict\na.dev,found\nb.dev,found\nc.dev,found\ne.dev,not-found\n"
	for _, tt := range []struct{ format, old, new, want string }{
		{"text", old, now, "a.dev: for sale: - -> yes\nb.dev: for sale: EUR9 -> EUR\\x1b8\nc.dev: for sale: EUR9 -> -\n" +
			"e.dev: found -> not-found\nf.dev: not-found -> found\n"},
		{"names", old, now, "a.dev\nb.dev\nc.dev\ne.dev\nf.dev\n"},
		{"csv", old, now, "domain,old,new,old_reason,reason,checked_at,old_sale,sale\na.dev,found,found,,,,,yes\nb.dev,found,found,,,,EUR9,EUR\\x1b8\n" +
			"c.dev,found,found,,,,EUR9,\ne.dev,found,not-found,,,,EUR9,\nf.dev,not-found,found,,,,,EUR1\n"},
		{"jsonl", old, strings.Join(strings.SplitAfter(now, "\n")[:2], ""),
			`{"v":1,"domain":"a.dev","old":"found","new":"found","old_reason":"","reason":"","checked_at":null,"old_sale":"","sale":"yes"}` + "\n"},
		{"csv", old, without, "domain,old,new,old_reason,reason,checked_at\ne.dev,found,not-found,,,\n"},
		{"text", without, now, ""},
		{"csv", old, old, "domain,old,new,old_reason,reason,checked_at\n"},
	} {
		var out strings.Builder
		changes := Diff(Read(strings.NewReader(tt.old), "csv"), Read(strings.NewReader(tt.new), "csv"), Differences{})
		if err := WriteChanges(&out, tt.format, changes); err != nil || out.String() != tt.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", tt.format, err, out.String(), tt.want)
		}
	}
}

// Offers come through Merge, and are in the forms for people.
func TestOffersShown(t *testing.T) {
	both := Options{ForSale: true, Parked: true}
	var merged []probe.Result
	for r, err := range Merge(Read(strings.NewReader(write(t, "csv", both, offered())), "csv")) {
		if err != nil {
			t.Fatal(err)
		}
		merged = append(merged, r)
	}
	want := offered()
	for i := range want {
		want[i].SaleKnown = true
	}
	if !reflect.DeepEqual(merged, want) {
		t.Errorf("merged: %+v", merged)
	}
	marks := write(t, "marks", Options{}, offered())
	if want := "+ go.dev (for sale: EUR999 USD1100)\n+ go.com (for sale)\n+ go.org (parked: =cmd|"; !strings.HasPrefix(marks, want) {
		t.Errorf("marks: %s", marks)
	}
	if columns := write(t, "columns", Options{}, offered()); !strings.Contains(columns, "\ngo.dev (for sale: EUR999 USD1100)\n") {
		t.Errorf("columns: %s", columns)
	}
	if names := write(t, "names", Options{}, offered()[:1]); names != "go.dev\n" {
		t.Errorf("names: %q", names)
	}
	for _, o := range []Options{{}, {ForSale: true}, {Columns: []string{"domain", "sale_uri", "sale_text"}}} {
		page := write(t, "html", o, offered())
		if strings.Contains(page, "<script>|") || strings.Contains(page, "<a ") || strings.ContainsAny(page, "\x1b\x00\u202e") {
			t.Errorf("html with %+v: %s", o, page)
		}
		if !strings.Contains(page, "<p>Note: prices are indicative") {
			t.Errorf("html with %+v: no note", o)
		}
	}
	if page := write(t, "html", Options{}, offered()[1:]); strings.Contains(page, "indicative") {
		t.Error("html: a note without a price")
	}
	table := write(t, "markdown", Options{Columns: []string{"domain", "sale_uri", "sale_text"}}, offered()[:1])
	if strings.Contains(table, "<") != strings.Contains(table, `\<`) || strings.Contains(table, "https://") {
		t.Errorf("markdown: %s", table)
	}
}
