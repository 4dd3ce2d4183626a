package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"domprobe/internal/demo"
	"domprobe/probe"
	_ "domprobe/probe/doh" // for resolvers over HTTPS
	"domprobe/probe/resolver"
)

// parseServers returns the servers that --resolver names, the system's if it
// names none. It asks nothing of the network.
func parseServers(flags *cli.Context) ([]resolver.Server, error) {
	specs := flags.StringSlice("resolver")
	if len(specs) == 0 {
		specs = []string{"system"}
	}
	servers, err := resolver.ParseAll(specs)
	if perr, ok := err.(*resolver.ParseError); ok {
		return nil, usageError("", "%w", perr)
	}
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(servers, isDemo) && len(servers) > 1 {
		return nil, usageError("", "the resolver demo goes with no other")
	}
	return servers, nil
}

func isDemo(s resolver.Server) bool   { return s.Origin == demoOrigin || s.Transport == resolver.Demo }
func isDirect(s resolver.Server) bool { return s.Transport == resolver.Direct }

// escalate reports whether the registries may be asked about names that the
// servers leave open. They are not where the user said so, nor where all
// servers were named and one is on this machine or network: what is asked there
// need not be for the world to see.
func escalate(flags *cli.Context, servers []resolver.Server) bool {
	switch {
	case flags.Bool("no-escalate"):
		return false
	case flags.IsSet("escalate"):
		return flags.Bool("escalate")
	}
	return !slices.ContainsFunc(servers, func(s resolver.Server) bool {
		return isDirect(s) || s.Local() && s.Origin != "system"
	})
}

// demoOrigin is the origin of the demo's server once it has been started.
const demoOrigin = "demo"

// openServers finds the addresses of the servers and starts the demo if it is
// among them. The returned function ends what was started.
func openServers(ctx context.Context, servers []resolver.Server, console *console) ([]resolver.Server, func() error, error) {
	stop := func() error { return nil }
	if isDemo(servers[0]) {
		registry, err := demo.Start()
		if err != nil {
			return nil, stop, fmt.Errorf("start the demo: %w", err)
		}
		console.note("demo: answers come from built-in data, not from the internet")
		return []resolver.Server{{Transport: resolver.UDP, Addr: registry.Addr(), Origin: demoOrigin}}, registry.Close, nil
	}
	servers, err := resolver.Resolve(ctx, servers)
	if err != nil {
		return nil, stop, err
	}
	console.detail("resolvers: %s", describe(servers))
	return servers, stop, nil
}

// describe lists the servers with what they were found by.
func describe(servers []resolver.Server) string {
	var words []string
	for _, s := range servers {
		word := s.String()
		if s.Origin != word && s.Origin != "" {
			word += " (" + s.Origin
			if s.Origin == "system" && s.Local() {
				word += ", on this machine or its network"
			}
			word += ")"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// newProber returns a prober for the servers that the flags name, and a
// function that ends it.
func newProber(ctx context.Context, inv *invocation, trace func(probe.Event)) (*probe.Prober, func() error, error) {
	registries, err := openConfirmer(ctx, inv)
	if err != nil {
		return nil, nil, err
	}
	opts, stop, err := proberOptions(ctx, inv, trace)
	if err != nil {
		return nil, nil, err
	}
	if registries != nil {
		opts.Confirm = registries
	}
	p, err := probe.New(opts)
	if err != nil {
		stop()
		return nil, nil, usageError("", "%w", err)
	}
	return p, func() error {
		err := p.Close()
		if registries != nil {
			registries.close()
		}
		if e := stop(); err == nil {
			err = e
		}
		return err
	}, nil
}

// namedOptions returns the options of a prober as far as the flags tell.
func namedOptions(flags *cli.Context) (probe.Options, error) {
	opts, err := askOptions(flags)
	if err != nil {
		return opts, err
	}
	if opts.Servers, err = parseServers(flags); err != nil {
		return opts, err
	}
	if confirm, _, err := parseConfirm(flags); err != nil {
		return opts, err
	} else if confirm && offline(flags, opts.Servers) {
		return opts, usageError("--rdap-bootstrap names registries of your own",
			"the resolver demo is offline, and --confirm is not")
	}
	opts.Escalate = escalate(flags, opts.Servers)
	return opts, nil
}

// proberOptions returns the options of a prober for the servers that the flags
// name, and a function that ends what was started for it.
func proberOptions(ctx context.Context, inv *invocation, trace func(probe.Event)) (probe.Options, func() error, error) {
	opts, err := await(ctx, func() (probe.Options, error) { return namedOptions(inv.flags) })
	if err != nil {
		return opts, nil, err
	}
	opts.Log = inv.console.logger()
	opts.Trace = trace
	var stop func() error
	opts.Servers, stop, err = openServers(ctx, opts.Servers, inv.console)
	return opts, stop, err
}
