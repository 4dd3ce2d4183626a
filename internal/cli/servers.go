package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"domprobe/internal/cmdline"
	"domprobe/internal/demo"
	"domprobe/internal/term"
	_ "domprobe/probe/doh" // for resolvers over HTTPS
	"domprobe/probe/resolver"
)

// parseServers returns the servers of --resolver, by default the system's, and
// none for the word none. It asks nothing of the network.
func parseServers(specs []string) ([]resolver.Server, error) {
	if len(specs) == 0 {
		specs = []string{"system"}
	}
	if slices.Contains(specs, noResolver) {
		if len(specs) > 1 {
			return nil, cmdline.Usage("", "the resolver none goes with no other")
		}
		return nil, nil
	}
	servers, err := resolver.ParseAll(specs)
	if bad, ok := errors.AsType[*resolver.ParseError](err); ok {
		return nil, cmdline.Usage(cmdline.Hint(bad.Input, resolverWords), "%w", bad)
	}
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(servers, isDemo) && len(servers) > 1 {
		return nil, cmdline.Usage("", "the resolver demo goes with no other")
	}
	return servers, nil
}

// demoOrigin is the origin of the demo's server once it has been started.
const demoOrigin = "demo"

func isDemo(s resolver.Server) bool   { return s.Origin == demoOrigin || s.Transport == resolver.Demo }
func isDirect(s resolver.Server) bool { return s.Transport == resolver.Direct }

// isPublic reports whether others than this machine and its network see the
// names that the server is asked about.
func isPublic(s resolver.Server) bool { return !isDemo(s) && !s.Local() }

// hasHostName reports whether the network decides how many servers s stands
// for, and so whether there are enough for a quorum.
func hasHostName(s resolver.Server) bool {
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil { // direct and demo have none
		return false
	}
	_, err = netip.ParseAddr(host)
	return err != nil
}

// openServers finds the addresses of the servers, and starts the demo if it is
// among them. The returned function ends what was started.
func openServers(ctx context.Context, servers []resolver.Server, console *term.Console) ([]resolver.Server, func() error, error) {
	stop := func() error { return nil }
	if len(servers) == 0 {
		return nil, stop, nil
	}
	if isDemo(servers[0]) {
		registry, err := demo.Start()
		if err != nil {
			return nil, stop, fmt.Errorf("start the demo: %w", err)
		}
		console.Note("demo: answers come from built-in data, not from the internet")
		return []resolver.Server{{Transport: resolver.UDP, Addr: registry.Addr(), Origin: demoOrigin}}, registry.Close, nil
	}
	servers, err := resolver.Resolve(ctx, servers)
	if err != nil {
		return nil, stop, err
	}
	console.Detail("resolvers: %s", describe(servers))
	return servers, stop, nil
}

// describe lists servers with the words that named them.
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
