package candidate

import "strings"

// Affixes returns common prefixes and suffixes of product names, the most common
// ones first.
func Affixes() (prefixes, suffixes []string) {
	return strings.Fields("get try my use go join hey the on we"),
		strings.Fields("app hq ly hub lab labs kit io now box base flow up ify")
}
