package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"domprobe/candidate/score"
	"domprobe/probe"
)

// extras lists the columns that are written only if they are asked for. They come
// after the others, in this order.
var extras = [...]field{
	{name: "score", doc: "how good the first label is as a name, from 0 to 100; only with --min-score, --sort score or --columns",
		append: func(dst []byte, r *probe.Result, _ *clock) []byte {
			return strconv.AppendInt(dst, int64(scoreOf(r)), 10)
		},
		parse: func(*probe.Result, string) error { return nil }}, // it follows from the name
	{name: "for_sale", doc: "yes if the owner offers the name (RFC 10023), else empty; only with --for-sale", quoted: true,
		append: func(dst []byte, r *probe.Result, _ *clock) []byte {
			if r.Sale.Listed {
				dst = append(dst, "yes"...)
			}
			return dst
		},
		parse: parseForSale},
	{name: "price", doc: "the indicative price of the offer, such as EUR999; only with --for-sale", text: func(r *probe.Result) *string { return &r.Sale.Price }},
	{name: "sale_uri", doc: "where to ask about the offer, which nobody has checked; only with --for-sale", text: func(r *probe.Result) *string { return &r.Sale.URI }},
	{name: "sale_text", doc: "the text of the offer; only with --for-sale", text: func(r *probe.Result) *string { return &r.Sale.Text }},
	{name: "parked", doc: "the service that the name servers are of, a hint that the name is parked there; only with --parked",
		text: func(r *probe.Result) *string { return &r.Parked }},
}

func parseForSale(r *probe.Result, s string) error {
	if s != "yes" {
		return fmt.Errorf("for_sale %q is neither yes nor empty", s)
	}
	r.Sale.Listed = true
	return nil
}

// SaleColumns and ParkedColumns are the columns that [Options] ForSale and Parked
// add.
var (
	SaleColumns   = []string{"for_sale", "price", "sale_uri", "sale_text"}
	ParkedColumns = []string{"parked"}
)

// PriceNote is to be said wherever prices are shown.
const PriceNote = "prices are indicative: they are what the owners of the names say, and nobody has checked them"

// HasPrice reports whether a name is for sale at a price.
func HasPrice(r *probe.Result) bool { return r.Sale.Listed && r.Sale.Price != "" }

// stored are the fields that hold all of a result. The score follows from the name.
var stored = (&Options{ForSale: true, Parked: true}).fields()

// ExtraColumns returns the columns that [Options] can add to those of every report.
func ExtraColumns() []Column { return columnsOf(extras[:]) }

// extraNames returns the names of the columns that the options add.
func (o *Options) extraNames() (names []string) {
	if o.Score {
		names = append(names, "score")
	}
	if o.ForSale {
		names = append(names, SaleColumns...)
	}
	if o.Parked {
		names = append(names, ParkedColumns...)
	}
	return names
}

// extraOf returns the extra field with a name, or nil.
func extraOf(name string) *field {
	if i := slices.IndexFunc(extras[:], func(f field) bool { return f.name == name }); i >= 0 {
		return &extras[i]
	}
	return nil
}

// scoreOf returns the score of the first label of a name.
func scoreOf(r *probe.Result) int {
	label, _, _ := strings.Cut(r.Name, ".")
	return score.Of(label).Total
}
