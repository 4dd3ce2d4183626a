package report

import (
	"fmt"

	"domprobe/probe"
	"domprobe/probe/forsale"
)

// The columns of what an owner says about selling a name: see [Options].ForSale.
var forSaleField = field{
	name: "for_sale", doc: "yes if the owner offers the name (RFC 10023), else empty; this and the next three only with --for-sale",
	with: withSale, quoted: true, blank: true,
	append: func(dst []byte, r *probe.Result, _ *clock) []byte {
		if r.Sale.Listed {
			dst = append(dst, "yes"...)
		}
		return dst
	},
	parse: func(r *probe.Result, s string) error {
		r.SaleKnown, r.Sale.Listed = true, s == "yes"
		if s != "" && !r.Sale.Listed {
			return fmt.Errorf("for_sale %q is neither yes nor empty", s)
		}
		return nil
	},
}

// saleField is a column with a text of an offer.
func saleField(name, doc string, place func(*forsale.Sale) *string) field {
	return field{name: name, doc: doc, with: withSale, text: func(r *probe.Result) *string { return place(&r.Sale) }}
}

func withSale(o *Options) bool   { return o.ForSale }
func withParked(o *Options) bool { return o.Parked }

// SaleColumns and ParkedColumns return the columns that [Options] ForSale and
// Parked add.
func SaleColumns() []string   { return (&Options{ForSale: true}).extraNames() }
func ParkedColumns() []string { return (&Options{Parked: true}).extraNames() }

// PriceNote is to be said wherever prices are shown.
const PriceNote = "prices are indicative: they are what the owners of the names say, and nobody has checked them"

// HasPrice reports whether a name is for sale at a price.
func HasPrice(r *probe.Result) bool { return r.Sale.Listed && r.Sale.Price != "" }

// offerOf says in short that a name is for sale or parked, or nothing.
func offerOf(r *probe.Result) string {
	switch {
	case HasPrice(r):
		return "for sale: " + r.Sale.Price
	case r.Sale.Listed:
		return "for sale"
	case r.Parked != "":
		return "parked: " + r.Parked
	}
	return ""
}
