package candidate

import "strings"

// Hacks returns the domains that spell a keyword: delicio.us for delicious, and
// viva.co.uk for vivacouk. Domains with the shortest TLD come first. Hacks finds
// nothing for a whole domain, nor for a keyword with characters other than ASCII
// letters, digits and hyphens.
func Hacks(keyword string) []string {
	if classify(keyword)&^upper != plain || len(keyword) > maxName {
		return nil
	}
	keyword = strings.ToLower(keyword)
	var hacks []string
	for i := len(keyword) - 2; i > 0; i-- {
		if label, tail := keyword[:i], keyword[i:]; IsTLD(tail) {
			hacks = appendHack(hacks, label, tail)
			for j := i - 1; j > 0; j-- {
				suffix := keyword[j:i] + "." + tail
				if s, listed := icannSuffix(suffix); listed && s == suffix {
					hacks = appendHack(hacks, keyword[:j], suffix)
				}
			}
		}
	}
	return hacks
}

func appendHack(hacks []string, label, suffix string) []string {
	if c := Parse(label + "." + suffix); c.Err == nil {
		return append(hacks, c.Name)
	}
	return hacks
}
