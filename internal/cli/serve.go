package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"domprobe/probe"
	"domprobe/web"
)

// serveCommand serves the search page and the API.
func serveCommand() *command {
	return &command{
		name:     "serve",
		summary:  "search in a browser, and over HTTP",
		synopsis: "serve [flags]",
		examples: `  domprobe serve                          # then open http://127.0.0.1:8053/
  domprobe serve -r quad9 -r cloudflare --quorum 2
  curl 'http://127.0.0.1:8053/v1/probe?keyword=go,rust&tld=dev,io'
  domprobe serve --listen 192.0.2.7:8053 --token "$(openssl rand -hex 16)"
`,
		flags: slices.Concat([]cli.Flag{
			text("listen", "", "serve on this `ADDRESS` and port", "127.0.0.1:8053"),
			text("token", "", "serve only clients that have this `TOKEN`; required unless the address is loopback", ""),
			list("host", "", "also answer to this `NAME` or address, beside localhost and the address listened on"),
			local(number("max-names", "", "probe at most `N` names for one request", web.DefaultMaxNames)),
			number("client-rate", "", "probe at most `N` names a second for one client in the long run; 0 is no limit", web.DefaultClientRate),
			toggle("no-confirm", "", "do not ask registries about single names (RDAP, WHOIS)"),
		}, askFlags(), registryFlags(), consoleFlags()),
		exits: map[int]string{
			codeOK:          "ended by a signal",
			codeInterrupted: "interrupted before it served",
		},
		run: runServe,
	}
}

func runServe(ctx context.Context, inv *invocation) error {
	if len(inv.args) > 0 {
		return usageError("names are typed into the page", "serve takes no arguments, but got %s", inv.args[0])
	}
	opts, err := serveOptions(inv)
	if err != nil {
		return err
	}
	asking, stop, err := proberOptions(ctx, inv, tracer(inv.console))
	if err != nil {
		return interrupted(ctx, err)
	}
	defer stop()
	prober, err := probe.New(asking)
	if err != nil {
		return usageError("", "%w", err)
	}
	defer prober.Close()
	opts.Prober, opts.AtOnce = prober, asking.Concurrency
	registryOpts, err := registryOptions(inv)
	if err != nil {
		return err
	}
	if !inv.flags.Bool("no-confirm") && !offline(inv.flags, asking.Servers) {
		registryOpts.WHOIS, registryOpts.MaxWait = true, registryWait
		registries, err := openRegistries(ctx, registryOpts)
		if err != nil {
			return err
		}
		defer registries.Close()
		asking.Confirm = registries
		confirmer, err := probe.New(asking)
		if err != nil {
			return err
		}
		defer confirmer.Close()
		opts.Confirmer = confirmer
	}
	return listenAndServe(ctx, inv, opts)
}

// registryWait is how long a name waits for a registry that refuses: a user of the
// page waits for it.
const registryWait = 5 * time.Second

// serveOptions maps the flags that only serve has.
func serveOptions(inv *invocation) (web.Options, error) {
	opts := web.Options{
		Token:      inv.flags.String("token"),
		Hosts:      values(inv.flags, "host"),
		MaxNames:   inv.flags.Int("max-names"),
		ClientRate: float64(inv.flags.Int("client-rate")),
		Access:     func(a web.Access) { inv.console.note("%s", accessLine(a)) },
	}
	if opts.MaxNames < 1 {
		return opts, usageError("", "--max-names %d is not at least 1", opts.MaxNames)
	}
	switch {
	case opts.ClientRate < 0:
		return opts, usageError("", "--client-rate %d is not at least 0", inv.flags.Int("client-rate"))
	case opts.ClientRate == 0:
		opts.ClientRate = -1
	}
	if n := len(opts.Token); n > 0 && n < minToken {
		return opts, usageError("try: openssl rand -hex 16", "--token has %d characters, which can be guessed; %d are the least", n, minToken)
	}
	if opts.Token == "" && !isLoopbackAddress(inv.flags.String("listen")) {
		return opts, usageError(`name one: --token "$(openssl rand -hex 16)"`,
			"--listen %s: %w", inv.flags.String("listen"), web.ErrNoToken)
	}
	return opts, nil
}

const minToken = 12

// isLoopbackAddress reports whether only this machine can reach an address. It
// knows IP addresses and localhost, and looks no name up.
func isLoopbackAddress(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return true // listening fails with a better message
	}
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

func listenAndServe(ctx context.Context, inv *invocation, opts web.Options) error {
	server, err := web.New(opts)
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", inv.flags.String("listen"))
	if err != nil {
		return interrupted(ctx, err)
	}
	inv.console.note("serving on http://%s/", l.Addr())
	if opts.Token != "" {
		inv.console.note("the page asks for the token; the API takes it as Authorization: Bearer TOKEN")
		if !isLoopbackAddress(l.Addr().String()) {
			inv.console.note("warning: others can reach this address, and without a TLS proxy in front the network sees names and token")
		}
	}
	err = server.Serve(ctx, l)
	if errors.Is(err, web.ErrNoToken) { // a name of an address that is not loopback
		return usageError(`name one: --token "$(openssl rand -hex 16)"`, "--listen %s: %w", l.Addr(), err)
	}
	if err == nil {
		inv.console.note("stopped")
	}
	return err
}

// accessLine is the line of the log for a request.
func accessLine(a web.Access) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %d %d bytes", a.Client, a.Method, a.Path, a.Status, a.Bytes)
	if a.Rows > 0 {
		fmt.Fprintf(&b, " %d rows", a.Rows)
	}
	fmt.Fprintf(&b, " %s", a.Took.Round(100*time.Microsecond))
	return b.String()
}
