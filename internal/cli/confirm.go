package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
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
	dates     bool
	refused   bool // --no-confirm
	rate      float64
	bootstrap string
	servers   string // the path of --whois-servers
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

func (c *confirming) datesOption() *cmdline.Option {
	return cmdline.Switch(&c.dates, "dates", "", "ask the registry about each name that is found, too: registrar, created, expires, status, drops").Common()
}

// refusal is the option of a command that asks registries unless it is given.
func (c *confirming) refusal() *cmdline.Option {
	return cmdline.Switch(&c.refused, "no-confirm", "", "do not ask registries about single names (RDAP, WHOIS)")
}

// registryOptions are those of a command that asks registries anyway.
func (c *confirming) registryOptions() []*cmdline.Option {
	c.rate = 1
	return []*cmdline.Option{
		cmdline.Parsed(&c.rate, "rdap-rate", "", "send at most `N` queries a second to one registry server", "1", parseRegistryRate),
		cmdline.Text(&c.bootstrap, "rdap-bootstrap", "", "read the RDAP servers of the TLDs from this `URL` or file (RFC 9224), not from IANA"),
		cmdline.Text(&c.servers, "whois-servers", "", "read WHOIS servers from this `FILE`, a TLD and host[:port] on each line; about other TLDs IANA is asked"),
	}
}

// maxRegistryRate is far above what any registry bears, unless it is your own.
const maxRegistryRate = 10_000

func parseRegistryRate(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n > 0 && n <= maxRegistryRate) {
		return 0, cmdline.Usage("the default, 1, is the rate that registries bear",
			"--rdap-rate %q is not a number of queries a second above 0 and up to %d", s, maxRegistryRate)
	}
	return n, nil
}

func (c *confirming) on() bool { return len(c.how) > 0 }

// flags returns the options that ask registries, as they are written, or nothing.
func (c *confirming) flags() string {
	var flags []string
	if c.on() {
		flags = append(flags, "--confirm")
	}
	if c.dates {
		flags = append(flags, "--dates")
	}
	return strings.Join(flags, " and ")
}

// mayAsk reports whether registries may be asked: the user has not refused it, and
// the names are not those of the demo, which are not those of the world unless the
// user has registries for them.
func (c *confirming) mayAsk(servers []resolver.Server) bool {
	return !c.refused && (!slices.ContainsFunc(servers, isDemo) || c.bootstrap != "")
}

// check has the settings fit the servers that are asked.
func (c *confirming) check(servers []resolver.Server) error {
	switch {
	case c.flags() != "" && !c.mayAsk(servers):
		verb := "is"
		if c.on() && c.dates {
			verb = "are"
		}
		return cmdline.Usage("--rdap-bootstrap names registries of your own", "the resolver demo is offline, and %s %s not", c.flags(), verb)
	case c.on() && !slices.Contains(c.how, "rdap"):
		return cmdline.Usage("try --confirm rdap,whois", "--confirm whois goes with rdap")
	}
	return nil
}

// rdap returns the options of a client. Dates come by WHOIS where there is no RDAP,
// unless the user has registries of their own.
func (c *confirming) rdap(inv *invocation) rdap.Options {
	return rdap.Options{
		UserAgent: userAgent(), Bootstrap: c.bootstrap, Rate: c.rate, Log: inv.console.Logger(),
		WHOIS:     c.dates && c.bootstrap == "" || slices.Contains(c.how, "whois"),
		WhoisFile: c.servers,
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
	undated atomic.Int64 // names that are found
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

// A dating asks the registries for the dates of names that are found.
type dating struct{ *confirmer }

// Confirm implements [probe.Confirmer].
func (d dating) Confirm(ctx context.Context, name string) probe.Confirmation {
	word := d.client.Confirm(ctx, name)
	if word.Registration == nil && word.Reason != probe.RDAPCanceled {
		d.undated.Add(1)
		d.console.Detail("%s has no dates: %v", name, cmp.Or(word.Err, errNoDates))
	}
	return word
}

var errNoDates = errors.New("the registry publishes no registration of the name")

// close tells how many names the registries left open.
func (c *confirmer) close() {
	c.client.Close()
	if n := c.open.Load(); n > 0 {
		c.console.Note("hint: %d of the names not found could not be confirmed and may be registered; each row says why, and -v more", n)
	}
	if n := c.undated.Load(); n > 0 {
		c.console.Note("hint: %d of the names found have no dates; -v says why", n)
	}
}

// free reports whether a name can be had as far as the run can tell: with
// --confirm by the registry, and without it by the DNS.
func free(r *probe.Result, confirming bool) bool {
	return r.Verdict == probe.NotFound && (!confirming || r.Reason == probe.RDAPNotRegistered)
}
