// Package score says from 0 to 100 how good the first label of a domain is as a
// name: [Of] returns the score of a label with its parts.
//
//	Sound     how much the letters follow one another as in English words
//	Spelling  how surely somebody who hears the name spells it
//	Length    the shorter the better, from 6 characters on
//	Marks     no hyphens and no digits
//
// The parts are from 0 to 100 too, and the score is
//
//	Total = (8*Sound + 2*Spelling) / 10 * Length / 100 * Marks / 100
//
// All is computed with integers, so that a label has the same score on every
// machine. docs/naming.md has the formulas. The table behind Sound is made by the
// program in the folder train.
package score

// A Score is how good a label is as a name. Everything in it is from 0 to 100.
type Score struct {
	Total                          int
	Sound, Spelling, Length, Marks int
}

// Of returns the score of a label in its A-label form, in upper or lower case.
// It is zero for a label that begins with xn--, which stands for characters whose
// sound is not known, and for one with other characters than letters, digits and
// hyphens.
func Of(label string) Score {
	t := tables()
	if len(label) == 0 || len(label) >= 4 && label[2:4] == "--" && label[0]|0x20 == 'x' && label[1]|0x20 == 'n' {
		return Score{}
	}
	hyphens, digits := 0, 0
	at := 0 // the last four symbols
	ended := true
	cost, steps, penalty := 0, 0, 0
	for i := range len(label) {
		symbol := 0
		switch c := label[i] | 0x20; {
		case 'a' <= c && c <= 'z' && label[i] >= 'A':
			symbol = int(c - '`')
		case label[i] == '-':
			hyphens++
		case '0' <= label[i] && label[i] <= '9':
			digits++
		default:
			return Score{}
		}
		if symbol == 0 && ended {
			continue
		}
		at = (at*symbols + symbol) % size
		cost += int(t.cost[at])
		penalty += int(t.penalty[at%contexts])
		steps++
		if ended = symbol == 0; ended {
			at = 0
		}
	}
	if !ended {
		at = at * symbols % size
		cost += int(t.cost[at])
		penalty += int(t.penalty[at%contexts])
		steps++
	}
	s := Score{
		Sound:    sound(cost, steps),
		Spelling: max(0, 100-penalty),
		Length:   length(len(label)),
		Marks:    max(0, 100-hyphenCost*hyphens-digitCost*digits),
	}
	// One division rounds once, half up.
	const full = (soundWeight + spellingWeight) * 100 * 100
	s.Total = ((soundWeight*s.Sound+spellingWeight*s.Spelling)*s.Length*s.Marks + full/2) / full
	return s
}

const (
	soundWeight    = 8
	spellingWeight = 2

	hyphenCost = 30
	digitCost  = 20

	lengthCost = 3 // for each character above lengthFree
	lengthFree = 6
)

// length is 100 up to six characters, and 0 from 40 on.
func length(n int) int { return max(0, 100-lengthCost*max(0, n-lengthFree)) }
