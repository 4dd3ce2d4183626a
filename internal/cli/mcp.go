package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"domprobe/internal/cmdline"
	"domprobe/web"
)

// mcpCommand answers an assistant over standard input and output.
func mcpCommand() *command {
	s := new(service)
	return &command{Command: cmdline.Command{
		Name:     "mcp",
		Summary:  "answer an assistant: the Model Context Protocol on standard input and output",
		Synopsis: "mcp [flags]",
		Examples: `  domprobe mcp
  domprobe mcp -r direct --no-confirm
`,
		Notes: "An assistant starts the program by its configuration: {\"command\": \"domprobe\", \"args\": [\"mcp\"]}. " +
			"Its tools are probe_names, find_names, explain_name and registry_data; a call is about 1,000 names at most, " +
			"and has its answer within 45 seconds. domprobe serve --mcp does the same over HTTP.",
		Options: s.options(),
		Exits:   map[int]string{codeOK: "the assistant has ended"},
	}, run: s.mcp}
}

func (s *service) mcp(ctx context.Context, inv *invocation) error {
	if err := inv.noArguments("mcp", "an assistant asks about names"); err != nil {
		return err
	}
	opts := web.Options{ClientRate: -1}
	b, err := s.open(ctx, inv, &opts)
	if err != nil {
		return err
	}
	defer b.close()
	server, err := web.New(opts)
	if err != nil {
		return err
	}
	defer server.Close()
	err = server.ServeMCP(ctx, io.NopCloser(inv.std.In), nopCloser{inv.std.Out})
	if err == nil || errors.Is(err, io.EOF) || ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("answer an assistant: %w", err)
}

// A nopCloser is a writer that stays open.
type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
