package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/probe/rdap"
)

// rdapCommand shows what a registry publishes about one name.
func rdapCommand() *command {
	var registry registering
	var format string
	return &command{
		Command: cmdline.Command{
			Name:     "rdap",
			Summary:  "show what the registry publishes about one name: status, registrar, dates, name servers",
			Synopsis: "rdap [flags] NAME",
			Examples: `  domprobe rdap go.dev
  domprobe rdap -f json example.co.uk
`,
			Options: []*cmdline.Option{tableFormat(&format, "text", "json"), registry.bootstrapOption()},
			Exits: map[int]string{
				codeOK:      "the registry has told: the name is registered, reserved or not registered",
				codeUnknown: "the registry cannot be asked, or does not tell",
			},
		},
		run: func(ctx context.Context, inv *invocation) error { return lookUp(ctx, inv, &registry, format) },
	}
}

func lookUp(ctx context.Context, inv *invocation, registry *registering, format string) error {
	name, err := oneName(inv, "rdap")
	if err != nil {
		return err
	}
	if name.Err != nil {
		return cmdline.Usage("", "%w", name.Err)
	}
	client, err := openRegistries(ctx, registry.client(inv))
	if err != nil {
		return err
	}
	defer client.Close()
	d, err := client.Lookup(ctx, name.Name)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r := newRegistration(name.Name, d, err)
	if err := r.write(inv.std.Out, format); err != nil {
		return err
	}
	if r.Verdict == probe.Unknown {
		return &exitError{code: codeUnknown, err: fmt.Errorf("%s: %w", name.Name, err)}
	}
	return nil
}

// A registration is what a registry says about a name, with the verdict that
// follows.
type registration struct {
	Name    string        `json:"domain"`
	Verdict probe.Verdict `json:"verdict"`
	Reason  probe.Reason  `json:"reason,omitempty"` // empty if unknown
	Error   string        `json:"error,omitempty"`  // if unknown
	*rdap.Domain
}

func newRegistration(name string, d *rdap.Domain, err error) registration {
	r := registration{Name: name, Domain: d}
	switch {
	case err == nil:
		r.Verdict, r.Reason = probe.Found, probe.RDAPRegistered
	case errors.Is(err, rdap.ErrReserved):
		r.Verdict, r.Reason = probe.Found, probe.RDAPReserved
	case errors.Is(err, rdap.ErrNotRegistered):
		r.Verdict, r.Reason = probe.NotFound, probe.RDAPNotRegistered
	default:
		r.Error = err.Error()
	}
	return r
}

// write prints the registration. As text, an unknown one has no line: the error
// says it.
func (r registration) write(w io.Writer, format string) error {
	if format == "json" {
		return writeJSON(w, r)
	}
	var text string
	switch r.Reason {
	case probe.RDAPRegistered:
		text = r.Text()
	case probe.RDAPReserved:
		text = fmt.Sprintf("%s is reserved by the registry\n", r.Name)
	case probe.RDAPNotRegistered:
		text = fmt.Sprintf("%s is not registered\n", r.Name)
	}
	_, err := io.WriteString(w, text)
	return err
}
