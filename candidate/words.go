package candidate

import (
	"fmt"
	"slices"
	"strings"
)

var words = map[string]string{
	"go": `break case chan const continue default defer else fallthrough for
		func go goto if import interface map package range return select
		struct switch type var`,
	"python": `False None True and as assert async await break class continue
		def del elif else except finally for from global if import in is
		lambda nonlocal not or pass raise return try while with yield`,
}

// Words returns the keywords of a programming language, "go" or "python", in the
// order of the language's specification.
func Words(language string) ([]string, error) {
	list, ok := words[language]
	if !ok {
		return nil, fmt.Errorf("no words for %q, only for go and python", language)
	}
	return strings.Fields(list), nil
}

// DefaultWords returns the keywords of Go that have at most 4 letters.
func DefaultWords() []string {
	return slices.DeleteFunc(strings.Fields(words["go"]), func(w string) bool { return len(w) > 4 })
}

// Affixes returns common prefixes and suffixes of product names, the most common
// ones first.
func Affixes() (prefixes, suffixes []string) {
	return strings.Fields("get try my use go join hey the on we"),
		strings.Fields("app hq ly hub lab labs kit io now box base flow up ify")
}
