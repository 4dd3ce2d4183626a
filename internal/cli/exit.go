package cli

import (
	"errors"
	"fmt"
	"slices"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/report"
)

// The exit codes.
const (
	codeOK          = 0   // every name settled
	codeFailed      = 1   // the run failed
	codeUsage       = 2   // the command line makes no sense
	codeUnknown     = 3   // some name is unknown
	codeNoMatch     = 4   // no row was wanted
	codeUnexpected  = 5   // --expect not met
	codeNoTLD       = 6   // some TLD does not exist
	codeInterrupted = 130 // by a signal
)

// precedence orders the codes for a run to which several apply.
var precedence = []int{codeInterrupted, codeFailed, codeUsage, codeUnexpected, codeUnknown, codeNoTLD, codeNoMatch}

// commonExits are the exit codes of every command.
var commonExits = map[int]string{
	codeFailed:      "the run failed: a file, the disk, no resolver",
	codeUsage:       "the command line makes no sense",
	codeInterrupted: "interrupted",
}

// rowExits are the exit codes of a command that writes rows.
var rowExits = map[int]string{
	codeOK:          "every name settled; also when the reader closed the pipe",
	codeUnknown:     "some name is unknown",
	codeNoMatch:     "no row matched: --only, --max-price, --expires-within, --best",
	codeUnexpected:  "some name has another verdict than --expect says",
	codeNoTLD:       "some name is invalid because its TLD does not exist",
	codeInterrupted: "interrupted; the rows of settled names are written",
}

// isMistake reports whether an error is about the command line, or about a file
// that it names and that cannot be meant.
func isMistake(err error) bool {
	return is[*cmdline.UsageError](err) || is[*candidate.OptionError](err) || is[*candidate.Error](err) ||
		is[*report.ResumeError](err) || is[*report.RowError](err)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// An exitError ends the program with an exit code.
type exitError struct {
	code int
	err  error // for the user; nil when the code says it all
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exit returns the end of a run that met all the given codes: nil, or the most
// important of them.
func exit(codes ...int) error {
	for _, code := range precedence {
		if slices.Contains(codes, code) {
			return &exitError{code: code}
		}
	}
	return nil
}
