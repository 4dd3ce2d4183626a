package trust

import "testing"

func TestVotes(t *testing.T) {
	const more = Unknown // another vote may decide
	for _, test := range []struct {
		name    string
		votes   Votes
		quorum  int
		verdict Verdict
		lacking Reason
	}{
		{"no vote", Votes{}, 1, more, ""},
		{"no vote, no quorum given", Votes{}, 0, more, ""},
		{"one found", Votes{Found: 1}, 1, Found, NoQuorum},
		{"one found, no quorum given", Votes{Found: 1}, 0, Found, NoQuorum},
		{"one not found", Votes{NotFound: 1}, 1, NotFound, NoQuorum},
		{"one not found, no quorum given", Votes{NotFound: 1}, 0, NotFound, NoQuorum},
		{"one contradicts another", Votes{Found: 1, NotFound: 1}, 1, more, Disagreement},
		{"a third says found", Votes{Found: 2, NotFound: 1}, 1, Found, Disagreement},
		{"a third says not found", Votes{Found: 1, NotFound: 2}, 1, NotFound, Disagreement},
		{"two contradict two", Votes{Found: 2, NotFound: 2}, 2, more, Disagreement},
		{"half of the quorum", Votes{Found: 1}, 2, more, NoQuorum},
		{"half of the quorum denies", Votes{NotFound: 1}, 2, more, NoQuorum},
		{"the quorum", Votes{Found: 2}, 2, Found, NoQuorum},
		{"the quorum denies", Votes{NotFound: 2}, 2, NotFound, NoQuorum},
		{"the larger part is no quorum", Votes{Found: 2, NotFound: 1}, 3, more, Disagreement},
		{"the larger part that denies is no quorum", Votes{Found: 1, NotFound: 2}, 3, more, Disagreement},
		{"a referral needs no second vote", Votes{Found: 1, Referral: true}, 3, Found, NoQuorum},
		{"a referral that is contradicted", Votes{Found: 1, NotFound: 1, Referral: true}, 1, more, Disagreement},
		{"a referral that is outvoted", Votes{Found: 1, NotFound: 2, Referral: true}, 2, NotFound, Disagreement},
		{"a contradicted referral with the larger part", Votes{Found: 2, NotFound: 1, Referral: true}, 2, Found, Disagreement},
	} {
		verdict, again := test.votes.Count(test.quorum)
		if again != (test.verdict == more) || verdict != test.verdict {
			t.Errorf("%s: %d, more %t", test.name, verdict, again)
		}
		if got := test.votes.Lacking(); got != test.lacking {
			t.Errorf("%s: lacking %q, want %q", test.name, got, test.lacking)
		}
	}
}
