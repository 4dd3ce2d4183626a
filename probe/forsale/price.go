package forsale

import (
	"fmt"
	"math/big"
	"strings"
)

// A Price is an amount of one currency.
type Price struct {
	Currency string // in upper-case letters
	amount   *big.Rat
}

// ParsePrice reads a price: a currency in upper-case letters and an amount, with
// a period before its decimals.
func ParsePrice(s string) (Price, error) {
	n := strings.IndexFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
	if n <= 0 {
		return Price{}, fmt.Errorf("price %q does not begin with a currency in upper-case letters", s)
	}
	whole, decimals, period := strings.Cut(s[n:], ".")
	if !isDigits(whole) || period && !isDigits(decimals) {
		return Price{}, fmt.Errorf("price %q has no amount of digits and at most one period", s)
	}
	amount, _ := new(big.Rat).SetString(s[n:]) // of digits and a period
	return Price{s[:n], amount}, nil
}

func isPrice(s string) bool {
	_, err := ParsePrice(s)
	return err == nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// AtMost reports whether one of the prices of a sale is in the currency of most
// and no higher. Prices in other currencies are not compared.
func (s *Sale) AtMost(most Price) bool {
	for price := range strings.FieldsSeq(s.Price) {
		p, err := ParsePrice(price)
		if err == nil && p.Currency == most.Currency && p.amount.Cmp(most.amount) <= 0 {
			return true
		}
	}
	return false
}
