package probe

import "testing"

// Every verdict is listed once and has a word that leads back to it.
func TestVerdicts(t *testing.T) {
	listed := make(map[Verdict]bool)
	for _, v := range Verdicts() {
		listed[v] = true
		var again Verdict
		if text, err := v.MarshalText(); err != nil || again.UnmarshalText(text) != nil || again != v {
			t.Errorf("%s becomes %s, %v", v, again, err)
		}
	}
	if len(listed) != len(verdictNames) || len(Verdicts()) != len(verdictNames) {
		t.Errorf("%d of %d verdicts: %v", len(listed), len(verdictNames), Verdicts())
	}
	if v, err := ParseVerdict("Verdict(9)"); err == nil {
		t.Errorf("%s has been parsed", v)
	}
	if got := Verdict(9).String(); got != "Verdict(9)" {
		t.Error(got)
	}
}
