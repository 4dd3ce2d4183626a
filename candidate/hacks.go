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
	add := func(label, suffix string) {
		if c := Parse(label + "." + suffix); c.Err == nil {
			hacks = append(hacks, c.Name)
		}
	}
	for i := len(keyword) - 2; i > 0; i-- {
		tail := keyword[i:]
		if !delegated(tail) {
			continue
		}
		add(keyword[:i], tail)
		for j := i - 1; j > 0; j-- {
			suffix := keyword[j:i] + "." + tail
			if s, listed := icannSuffix(suffix); listed && s == suffix {
				add(keyword[:j], suffix)
			}
		}
	}
	return hacks
}
