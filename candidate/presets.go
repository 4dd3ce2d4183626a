package candidate

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"domprobe/internal/text"
)

// A preset is a named set of TLDs. Anybody can register under those of a list.
type preset struct {
	name, list string
	matches    func(tld string) bool // of all TLDs, if there is no list
}

var presets = []preset{
	{name: "popular", list: "com net org io dev app co ai me xyz"},
	{name: "classic", list: "com net org info biz"},
	{name: "startup", list: "com io co ai app dev so gg xyz tech inc ventures"},
	{name: "tech", list: "dev io app ai tech cloud software systems codes tools sh run build digital network engineering"},
	{name: "business", list: "com co biz company agency consulting services solutions group ltd partners pro"},
	{name: "shop", list: "com shop store online market deals sale boutique"},
	{name: "creative", list: "art design studio media gallery ink photography film music"},
	{name: "short", list: "ai cc co fm gg im io is it la li ly me sh so st tv to us vc ws"},
	{name: "country", matches: func(tld string) bool { return len(tld) == 2 }},
	{name: "all", matches: func(string) bool { return true }},
}

// Presets returns the names of the built-in sets of TLDs: popular, classic,
// startup, tech, business, shop, creative, short (two-letter TLDs that are open
// to everybody), country (all two-letter TLDs), and all.
func Presets() []string { return text.Of(presets, func(p preset) string { return p.name }) }

// Preset returns the TLDs of a built-in set, or an [*OptionError] if there is no
// set of that name.
func Preset(name string) ([]string, error) {
	for _, p := range presets {
		switch {
		case p.name != name:
		case p.matches != nil:
			return slices.DeleteFunc(TLDs(), func(tld string) bool { return !p.matches(tld) }), nil
		default:
			return strings.Fields(p.list), nil
		}
	}
	return nil, &OptionError{"preset", name, fmt.Errorf("%s is none of %s", quote(name), strings.Join(Presets(), ", "))}
}

// ReadPresets reads sets of TLDs, one per line: a name, a colon, and TLDs that are
// separated by spaces or commas. The TLDs of all lines without a colon are the set
// with the empty name. Comments and blank lines are as for [Lines]. The TLDs are
// returned in A-label form, without repeats. An error in a line is a [*LineError].
func ReadPresets(r io.Reader) (map[string][]string, error) {
	sets := make(map[string][]string)
	number := 0
	for line, err := range uncommented(r) {
		if err != nil {
			return nil, err
		}
		if number++; line == "" {
			continue
		}
		name, tlds, err := parsePreset(line)
		if err == nil && name != "" && sets[name] != nil {
			err = fmt.Errorf("%s occurs a second time", name)
		}
		if err != nil {
			return nil, &LineError{number, err}
		}
		sets[name] = append(sets[name], tlds...)
	}
	for name, tlds := range sets {
		sets[name] = text.Distinct(tlds)
	}
	return sets, nil
}

func parsePreset(line string) (name string, tlds []string, err error) {
	name, rest, ok := strings.Cut(line, ":")
	name = strings.TrimSpace(name)
	switch {
	case !ok:
		name, rest = "", line
	case name == "" || strings.ContainsAny(name, " \t,"):
		return "", nil, errors.New("not of the form name: com io dev")
	}
	list, err := parseTLDs(strings.FieldsFunc(rest, func(c rune) bool { return c == ' ' || c == '\t' || c == ',' }))
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s has no TLD", name)
	}
	return name, namesOf(list), err
}
