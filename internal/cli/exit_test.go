package cli

import (
	"errors"
	"fmt"
	"testing"
)

func TestExitPrecedence(t *testing.T) {
	tests := []struct {
		codes []int
		want  int
	}{
		{nil, 0},
		{[]int{codeOK}, 0},
		{[]int{codeNoMatch}, 4},
		{[]int{codeNoMatch, codeUnknown}, 3},
		{[]int{codeUnknown, codeUnexpected, codeNoMatch}, 5},
		{[]int{codeUnexpected, codeUsage}, 2},
		{[]int{codeUsage, codeFailed, codeUnknown}, 1},
		{[]int{codeFailed, codeInterrupted}, 130},
	}
	for _, tt := range tests {
		err := exit(tt.codes...)
		var got *exitError
		if tt.want == 0 {
			if err != nil {
				t.Errorf("exit(%v) = %v", tt.codes, err)
			}
		} else if !errors.As(fmt.Errorf("wrapped: %w", err), &got) || got.code != tt.want {
			t.Errorf("exit(%v) = %v, want %d", tt.codes, err, tt.want)
		}
	}
}
