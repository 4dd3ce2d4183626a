package cli

import (
	"context"
	"io"
)

// await returns the result of f, or the error of ctx as soon as it is done. It is
// for calls that know no context: a read of standard input, the opening of a FIFO
// that nobody writes. A blocked call is left behind, because the process is about
// to end.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil { // else f would begin work that nobody ends
		return none, ctx.Err()
	}
	type outcome struct {
		value T
		err   error
	}
	ended := make(chan outcome, 1)
	go func() {
		value, err := f()
		ended <- outcome{value, err}
	}()
	select {
	case o := <-ended:
		return o.value, o.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// interruptible makes run, which knows no context, end with one as [await] does.
func interruptible(run func(*invocation) error) func(context.Context, *invocation) error {
	return func(ctx context.Context, inv *invocation) error {
		_, err := await(ctx, func() (struct{}, error) { return struct{}{}, run(inv) })
		return err
	}
}

// abandonable returns a reader of r whose reads end with ctx, whereas a read of
// standard input or a FIFO may never end and is left behind.
func abandonable(ctx context.Context, r io.Reader) io.Reader {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { in.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	return out
}
