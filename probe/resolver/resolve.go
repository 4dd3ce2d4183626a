package resolver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// A lookuper returns the addresses of a host, the best first, as [net.Resolver]
// does.
type lookuper interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Resolve returns the servers with every host name replaced by its addresses, as
// the system looks them up.
//
// A host becomes one server for each of its addresses, but only addresses of the
// family that the system prefers: a machine without IPv6 cannot reach the others.
// The host of an HTTPS server becomes a single server, since it has a single URL.
// A host that cannot be looked up is an error.
func Resolve(ctx context.Context, servers []Server) ([]Server, error) {
	return resolve(ctx, net.DefaultResolver, servers)
}

func resolve(ctx context.Context, system lookuper, servers []Server) ([]Server, error) {
	var all []Server
	for _, s := range servers {
		host, port, err := net.SplitHostPort(s.Addr)
		if err != nil { // Direct and Demo have no address
			all = append(all, s)
			continue
		}
		if _, err := netip.ParseAddr(host); err == nil {
			all = append(all, s)
			continue
		}
		addrs, err := system.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, fmt.Errorf("look up the resolver %s: %w", s.Origin, err)
		}
		for _, addr := range preferred(addrs) {
			s.Addr = net.JoinHostPort(addr.Unmap().String(), port)
			all = append(all, s)
			if s.Transport == HTTPS {
				break
			}
		}
	}
	return fold(all), nil
}

// preferred returns the addresses that have the family of the first one.
func preferred(addrs []netip.Addr) []netip.Addr {
	var kept []netip.Addr
	for _, addr := range addrs {
		if addr.Unmap().Is4() == addrs[0].Unmap().Is4() {
			kept = append(kept, addr)
		}
	}
	return kept
}
