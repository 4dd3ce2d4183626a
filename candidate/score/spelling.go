package score

// rules take points from the spelling of a label for every place that somebody
// who hears the name may spell in another way. ^ is the start of a run of letters
// and $ is its end. A letter twice in a row costs doubled.
var rules = []struct {
	text   string
	points uint8
}{
	// Silent letters.
	{"^kn", 15}, {"^wr", 15}, {"^gn", 15}, {"^ps", 15}, {"^pn", 15}, {"^pt", 15}, {"^ts", 10}, {"^cz", 10},
	{"mb$", 10}, {"mn$", 10}, {"gn$", 10}, {"gh", 15}, {"rh", 12}, {"wh", 8}, {"stl", 8}, {"alm", 6}, {"alk", 4},

	// Other letters with the same sound.
	{"ph", 15}, {"ck", 5}, {"c", 3}, {"k", 2}, {"q", 8}, {"x", 5}, {"z", 3}, {"y", 3}, {"sc", 6},
	{"ch", 4}, {"ce", 4}, {"ci", 4}, {"cy", 4}, {"ge", 4}, {"gi", 4}, {"gy", 4}, {"dg", 5},
	{"kw", 8}, {"ks", 5}, {"cs", 5}, {"tz", 5},

	// Vowels with several spellings.
	{"ei", 8}, {"ie", 7}, {"ea", 5}, {"ae", 8}, {"oe", 7}, {"eo", 4}, {"ue", 5}, {"ui", 5}, {"eu", 6}, {"ou", 4},
	{"ow", 3}, {"oa", 4}, {"au", 4}, {"aw", 4}, {"ew", 5}, {"ai", 4}, {"ay", 3}, {"ey", 4}, {"uy", 6}, {"yi", 6}, {"yu", 4}, {"igh", 5},
	{"er$", 2}, {"or$", 3}, {"ar$", 3}, {"re$", 6}, {"le$", 4}, {"el$", 4}, {"al$", 3},
}

const doubled = 10

// penalties returns the points of every three symbols in a row, which are those
// of the rules that end with them.
func penalties() (table [contexts]uint8) {
	for c := 1; c < symbols; c++ {
		addPoints(&table, c*symbols+c, 2, doubled)
	}
	for _, rule := range rules {
		at := 0
		for _, c := range []byte(rule.text) {
			at *= symbols
			if c != '^' && c != '$' {
				at += int(c - '`')
			}
		}
		addPoints(&table, at, len(rule.text), rule.points)
	}
	return table
}

// addPoints adds points to all threes that end with the n symbols of text.
func addPoints(table *[contexts]uint8, text, n int, points uint8) {
	step := 1
	for range n {
		step *= symbols
	}
	for at := text; at < contexts; at += step {
		table[at] += points
	}
}
