package candidate

import (
	"cmp"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// place returns the effective TLD of a whole domain in A-label form, and an error
// if the domain is not registrable under it.
func place(name string) (tld string, err *Error) {
	tld, err = registrable(name)
	return tld, cmp.Or(special(name), err)
}

func registrable(name string) (tld string, err *Error) {
	// The list need not be asked about a name directly below most TLDs.
	if _, tld, ok := strings.Cut(name, "."); ok && !mayHoldSuffixes(tld) && !isNumeric(tld) {
		return tld, nil
	}
	suffix, listed := icannSuffix(name)
	if suffix == name {
		_, parent, ok := strings.Cut(name, ".")
		switch {
		case ok:
			return parent, publicSuffix(name)
		case listed:
			return name, publicSuffix(name)
		}
		return "", invalid(PublicSuffix, "%s has no TLD", name)
	}
	if isNumeric(suffix) {
		return "", invalid(BadLabel, "%s ends in a number, like an address", name)
	}
	// A private registry, such as that of uk.com, registers names as a TLD does.
	if private, _ := publicsuffix.PublicSuffix(name); private != name {
		suffix = private
	}
	above := name[:len(name)-len(suffix)-1]
	if i := strings.LastIndexByte(above, '.'); i >= 0 {
		return suffix, invalid(NotRegistrable, "%s lies below %s", name, name[i+1:])
	}
	return suffix, nil
}

func isNumeric(label string) bool { return strings.Trim(label, "0123456789") == "" }

func publicSuffix(name string) *Error {
	return invalid(PublicSuffix, "%s is itself a public suffix", name)
}

// icannSuffix returns the public suffix of name in the ICANN section of the public
// suffix list, and whether the list has it. The suffixes of the private section,
// such as uk.com, are registered names themselves.
func icannSuffix(name string) (suffix string, listed bool) {
	for {
		suffix, listed = publicsuffix.PublicSuffix(name)
		_, parent, ok := strings.Cut(suffix, ".")
		if listed || !ok {
			return suffix, listed
		}
		name = parent
	}
}

// mayHoldSuffixes reports whether the ICANN section of the public suffix list can
// have a suffix directly below tld. It has none below generic TLDs, except for
// some of the oldest. Asking the list takes more time than the rest of a candidate.
func mayHoldSuffixes(tld string) bool {
	switch {
	case len(tld) == 2, strings.HasPrefix(tld, "xn--"), strings.Contains(tld, "."):
		return true
	}
	switch tld {
	case "aero", "arpa", "biz", "coop", "edu", "gov", "info", "int", "jobs", "mil", "mobi",
		"museum", "name", "post", "pro", "tel", "travel", "xxx":
		return true
	}
	return false
}
