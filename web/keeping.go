package web

import (
	"net/http"
	"slices"

	"domprobe/probe"
	"domprobe/probe/forsale"
)

// saleWord is the word of the parameter only for names that their owners offer.
const saleWord = "for-sale"

// A keeping is the parameters of the rows that are sent.
type keeping struct {
	Only     words  `json:"only"`
	MaxPrice string `json:"max_price"`

	price *forsale.Price // of MaxPrice
}

// check reads the parameters, and has the offers asked for that they need.
func (k *keeping) check(more *More) *problem {
	for _, word := range k.Only {
		if _, err := probe.ParseVerdict(word); err != nil && word != saleWord {
			return problemf(http.StatusBadRequest, "only: %.100q is none of found, not-found, unknown, invalid and for-sale", word)
		}
	}
	if k.MaxPrice != "" {
		price, err := forsale.ParsePrice(k.MaxPrice)
		if err != nil {
			return problemf(http.StatusBadRequest, "max_price: %.100q is no price such as EUR1000", k.MaxPrice)
		}
		k.price = &price
	}
	more.ForSale = more.ForSale || k.price != nil || slices.Contains(k.Only, saleWord)
	return nil
}

// keeps reports whether a row is sent.
func (k *keeping) keeps(r *probe.Result) bool {
	switch {
	case len(k.Only) == 0 && k.price == nil, slices.Contains(k.Only, r.Verdict.String()):
		return true
	case k.price != nil:
		return r.Sale.AtMost(*k.price)
	}
	return r.Sale.Listed && slices.Contains(k.Only, saleWord)
}
