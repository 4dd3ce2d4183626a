package cli

import (
	"context"
	"errors"
	"fmt"

	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/probe/rdap"
)

func rdapCommand() *command {
	var registry confirming
	var format string
	return &command{Command: cmdline.Command{
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
	}, run: func(ctx context.Context, inv *invocation) error { return lookUp(ctx, inv, &registry, format) }}
}

func lookUp(ctx context.Context, inv *invocation, registry *confirming, format string) error {
	name, err := oneName(inv, "rdap")
	if err != nil {
		return err
	}
	if name.Err != nil {
		return cmdline.Usage("", "%w", name.Err)
	}
	client, err := openRegistries(ctx, registry.rdap(inv))
	if err != nil {
		return err
	}
	defer client.Close()
	d, err := client.Lookup(ctx, name.Name)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r, text := newRegistration(name.Name, d, err)
	var written error
	if format == "json" {
		written = writeJSON(inv.std.Out, r)
	} else {
		written = inv.print(text)
	}
	if written != nil {
		return written
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

// newRegistration returns the outcome of a look-up, and its text. An unknown one
// has none: the error says it.
func newRegistration(name string, d *rdap.Domain, err error) (r registration, text string) {
	r = registration{Name: name, Domain: d}
	switch {
	case err == nil:
		r.Verdict, r.Reason, text = probe.Found, probe.RDAPRegistered, d.Text()
	case errors.Is(err, rdap.ErrReserved):
		r.Verdict, r.Reason, text = probe.Found, probe.RDAPReserved, name+" is reserved by the registry\n"
	case errors.Is(err, rdap.ErrNotRegistered):
		r.Verdict, r.Reason, text = probe.NotFound, probe.RDAPNotRegistered, name+" is not registered\n"
	default:
		r.Error = err.Error()
	}
	return r, text
}
