package cli

import (
	"context"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"domprobe/probe"
	"domprobe/probe/rdap"
	"domprobe/probe/resolver"
)

// confirmFlags say what to ask the registries about names that are not found.
func confirmFlags() []cli.Flag {
	return append([]cli.Flag{
		list("confirm", "", "ask the registry about each name that is not found, `HOW`: rdap, or rdap,whois for those without RDAP too"),
	}, registryFlags()...)
}

// registryFlags say how to ask the registries.
func registryFlags() []cli.Flag {
	return []cli.Flag{
		text("rdap-rate", "", "send at most `N` questions a second to one registry server", "1"),
		bootstrapFlag(),
	}
}

func bootstrapFlag() cli.Flag {
	return text("rdap-bootstrap", "", "take the RDAP servers of the TLDs from this `URL` or file (RFC 9224), not from IANA", "")
}

// registryOptions maps the registryFlags.
func registryOptions(inv *invocation) (rdap.Options, error) {
	opts := rdap.Options{
		UserAgent: userAgent(),
		Bootstrap: inv.flags.String("rdap-bootstrap"),
		Log:       inv.console.logger(),
	}
	if s := inv.flags.String("rdap-rate"); s != "" {
		var err error
		if opts.Rate, err = strconv.ParseFloat(s, 64); err != nil || !(opts.Rate > 0 && opts.Rate <= maxRegistryRate) {
			return opts, usageError("the default, 1, is what registries bear", "--rdap-rate %q is not a number of questions a second from 0 to %d", s, maxRegistryRate)
		}
	}
	return opts, nil
}

// maxRegistryRate is far above what any registry bears, unless it is one's own.
const maxRegistryRate = 10_000

// userAgent names the program to the registries (RFC 9110 section 10.1.5).
func userAgent() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return "domprobe/" + info.Main.Version[1:]
	}
	return "domprobe/devel"
}

// parseConfirm returns whom --confirm names.
func parseConfirm(flags *cli.Context) (byRDAP, byWHOIS bool, err error) {
	how := values(flags, "confirm")
	for _, word := range how {
		if word != "rdap" && word != "whois" {
			return false, false, usageError("known are rdap and rdap,whois", "--confirm cannot be %q", word)
		}
	}
	byRDAP, byWHOIS = slices.Contains(how, "rdap"), slices.Contains(how, "whois")
	if byWHOIS && !byRDAP {
		return false, false, usageError("try --confirm rdap,whois", "--confirm whois goes with rdap")
	}
	return byRDAP, byWHOIS, nil
}

// A confirmer asks the registries, and counts what they leave open.
type confirmer struct {
	client  *rdap.Client
	console *console
	open    atomic.Int64
}

// confirmOptions maps confirmFlags; confirm is false without --confirm.
func confirmOptions(inv *invocation) (opts rdap.Options, confirm bool, err error) {
	confirm, whois, err := parseConfirm(inv.flags)
	if err != nil || !confirm {
		return opts, false, err
	}
	opts, err = registryOptions(inv)
	opts.WHOIS = whois
	return opts, true, err
}

// openRegistries is rdap.New for a command that a signal may end while it reads
// the list of registries.
func openRegistries(ctx context.Context, opts rdap.Options) (*rdap.Client, error) {
	return await(ctx, func() (*rdap.Client, error) { return rdap.New(opts) })
}

// openConfirmer returns what --confirm asks for, and nil without it.
func openConfirmer(ctx context.Context, inv *invocation) (*confirmer, error) {
	opts, confirm, err := confirmOptions(inv)
	if err != nil || !confirm {
		return nil, err
	}
	client, err := openRegistries(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &confirmer{client: client, console: inv.console}, nil
}

// offline reports whether registries are not to be asked: the demo's names are
// not those of the world, unless the user has brought registries for them.
func offline(flags *cli.Context, servers []resolver.Server) bool {
	return slices.ContainsFunc(servers, isDemo) && flags.String("rdap-bootstrap") == ""
}

// Confirm implements [probe.Confirmer].
func (c *confirmer) Confirm(ctx context.Context, name string) probe.Confirmation {
	word := c.client.Confirm(ctx, name)
	if !word.Settled() && word.Reason != probe.RDAPCanceled {
		c.open.Add(1)
		c.console.detail("%s is not confirmed: %v", name, word.Err)
	}
	if word.Note != "" {
		c.console.detail("%s: %s", name, word.Note)
	}
	return word
}

// close says how many names the registries left open.
func (c *confirmer) close() {
	c.client.Close()
	if n := c.open.Load(); n > 0 {
		c.console.note("hint: %d of the names not found could not be confirmed and may be registered; the formats csv and json say why", n)
	}
}

// free reports whether a name can be had as far as the run can tell: with
// --confirm by the registry's word, and without it by that of the DNS.
func free(r *probe.Result, confirming bool) bool {
	return r.Verdict == probe.NotFound && (!confirming || r.Reason == probe.RDAPNotRegistered)
}
