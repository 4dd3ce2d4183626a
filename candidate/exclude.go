package candidate

import (
	"path"
	"strings"
)

// An Exclusion is a list of names to leave out.
type Exclusion struct {
	names     map[string]bool
	wildcards []string
}

// NewExclusion returns the names of a list. A name with a dot is a whole domain,
// and any other one the first label of domains, in A-label or U-label form. In
// both of them * stands for any characters, and ? for one. An error is an
// [*OptionError].
func NewExclusion(list []string) (*Exclusion, error) {
	e := &Exclusion{names: make(map[string]bool)}
	for _, typed := range list {
		name := strings.ToLower(strings.TrimSpace(typed))
		var err *Error
		switch {
		case name == "":
			err = invalid(BadLabel, "nothing to exclude")
		case strings.ContainsAny(name, "*?"):
			if err = checkCharacters(strings.NewReplacer("*", "", "?", "").Replace(name)); err == nil {
				e.wildcards = append(e.wildcards, name)
			}
		default:
			name, _, err = normalize(trimDot(name))
			e.names[name] = true
		}
		if err != nil {
			return nil, &OptionError{"exclusion", typed, err}
		}
	}
	return e, nil
}

// Has reports whether a candidate is one of the names.
func (e *Exclusion) Has(c *Candidate) bool {
	label, _, _ := strings.Cut(c.Name, ".")
	if e.names[label] || e.names[c.Name] {
		return true
	}
	if len(e.wildcards) == 0 {
		return false
	}
	uniLabel, _, _ := strings.Cut(c.Unicode, ".")
	for _, w := range e.wildcards {
		name, unicode := label, uniLabel
		if strings.Contains(w, ".") {
			name, unicode = c.Name, c.Unicode
		}
		if matches(w, name) || unicode != "" && matches(w, unicode) {
			return true
		}
	}
	return false
}

// matches reports whether a wildcard stands for a name. NewExclusion has let no
// other special character through.
func matches(wildcard, name string) bool {
	ok, err := path.Match(wildcard, name)
	return ok && err == nil
}
