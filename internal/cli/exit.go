package cli

import (
	"fmt"
	"slices"
)

// The exit codes.
const (
	codeOK          = 0   // every name settled
	codeFailed      = 1   // the run failed
	codeUsage       = 2   // the command line makes no sense
	codeUnknown     = 3   // some name is unknown
	codeNoMatch     = 4   // --only matched no row
	codeUnexpected  = 5   // --expect not met
	codeInterrupted = 130 // by a signal
)

// precedence orders the codes for a run to which several apply.
var precedence = []int{codeInterrupted, codeFailed, codeUsage, codeUnexpected, codeUnknown, codeNoMatch}

// An exitError ends the program with an exit code.
type exitError struct {
	code int
	err  error  // what to tell the user; nil when the code says it all
	hint string // what to do about it; may be empty
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError is about the command line. The hint may be empty.
func usageError(hint, format string, args ...any) error {
	return &exitError{codeUsage, fmt.Errorf(format, args...), hint}
}

// exit returns what a run ends with that met all the given codes: nil, or the
// most important of them.
func exit(codes ...int) error {
	for _, code := range precedence {
		if slices.Contains(codes, code) {
			return &exitError{code: code}
		}
	}
	return nil
}
