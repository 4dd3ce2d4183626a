package cli

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"

	"domprobe/internal/cmdline"
	"domprobe/internal/term"
	"domprobe/probe"
	"domprobe/probe/rdap"
	"domprobe/probe/resolver"
)

// A confirming is the settings of queries to registries.
type confirming struct {
	how       []string // the values of --confirm
	rate      float64
	bootstrap string
}

func (c *confirming) options() []*cmdline.Option {
	how := cmdline.Items("confirm", "", "ask the registry about each name that is not found; `HOW` is rdap, or rdap,whois for TLDs without RDAP too",
		func(word string) error {
			if c.how = append(c.how, word); word != "rdap" && word != "whois" {
				return cmdline.Usage("known are rdap and rdap,whois", "--confirm cannot be %q", word)
			}
			return nil
		})
	return append([]*cmdline.Option{how.Offer("rdap", "whois").Common()}, c.registryOptions()...)
}

// registryOptions are those of a command that asks registries anyway.
func (c *confirming) registryOptions() []*cmdline.Option {
	c.rate = 1
	return []*cmdline.Option{
		cmdline.Parsed(&c.rate, "rdap-rate", "", "send at most `N` queries a second to one registry server", "1", parseRegistryRate),
		c.bootstrapOption(),
	}
}

func (c *confirming) bootstrapOption() *cmdline.Option {
	return cmdline.Text(&c.bootstrap, "rdap-bootstrap", "", "read the RDAP servers of the TLDs from this `URL` or file (RFC 9224), not from IANA")
}

// maxRegistryRate is far above what any registry bears, unless it is your own.
const maxRegistryRate = 10_000

func parseRegistryRate(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n > 0 && n <= maxRegistryRate) {
		return 0, cmdline.Usage("the default, 1, is what registries bear", "--rdap-rate %q is not a number of queries a second from 0 to %d", s, maxRegistryRate)
	}
	return n, nil
}

func (c *confirming) on() bool { return len(c.how) > 0 }

// offline reports whether registries must not be asked: the names of the demo
// are not those of the world, unless the user has registries for them.
func (c *confirming) offline(servers []resolver.Server) bool {
	return slices.ContainsFunc(servers, isDemo) && c.bootstrap == ""
}

// check has the settings fit the servers that are asked.
func (c *confirming) check(servers []resolver.Server) error {
	switch {
	case !c.on():
	case c.offline(servers):
		return cmdline.Usage("--rdap-bootstrap names registries of your own", "the resolver demo is offline, and --confirm is not")
	case !slices.Contains(c.how, "rdap"):
		return cmdline.Usage("try --confirm rdap,whois", "--confirm whois goes with rdap")
	}
	return nil
}

func (c *confirming) rdap(inv *invocation) rdap.Options {
	return rdap.Options{
		UserAgent: userAgent(), Bootstrap: c.bootstrap, Rate: c.rate, WHOIS: slices.Contains(c.how, "whois"), Log: inv.console.Logger(),
	}
}

// openRegistries is rdap.New for a command that a signal may end while the list
// of registries is read.
func openRegistries(ctx context.Context, opts rdap.Options) (*rdap.Client, error) {
	return await(ctx, func() (*rdap.Client, error) { return rdap.New(opts) })
}

// A confirmer asks the registries, and counts the names that they leave open.
type confirmer struct {
	client  *rdap.Client
	console *term.Console
	open    atomic.Int64
}

// Confirm implements [probe.Confirmer].
func (c *confirmer) Confirm(ctx context.Context, name string) probe.Confirmation {
	word := c.client.Confirm(ctx, name)
	if !word.Settled() && word.Reason != probe.RDAPCanceled {
		c.open.Add(1)
		c.console.Detail("%s is not confirmed: %v", name, word.Err)
	}
	if word.Note != "" {
		c.console.Detail("%s: %s", name, word.Note)
	}
	return word
}

// close tells how many names the registries left open.
func (c *confirmer) close() {
	c.client.Close()
	if n := c.open.Load(); n > 0 {
		c.console.Note("hint: %d of the names not found could not be confirmed and may be registered; each row says why, and -v more", n)
	}
}

// free reports whether a name can be had as far as the run can tell: with
// --confirm by the registry, and without it by the DNS.
func free(r *probe.Result, confirming bool) bool {
	return r.Verdict == probe.NotFound && (!confirming || r.Reason == probe.RDAPNotRegistered)
}
