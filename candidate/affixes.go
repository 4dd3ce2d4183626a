package candidate

import "strings"

// Affixes returns the prefixes and suffixes that names of products and
// projects are most often made with, the most usual first.
func Affixes() (prefixes, suffixes []string) {
	return strings.Fields("get try my use go join hey the on we"),
		strings.Fields("app hq ly hub lab labs kit io now box base flow up ify")
}
