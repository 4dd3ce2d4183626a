package resolver

// presets are the IPv4 addresses of public resolvers without a blocklist. They
// have no IPv6 addresses, since a machine without IPv6 would lose a try of every
// other name to them.
var presets = map[string][]string{
	"cloudflare": {"1.1.1.1:53", "1.0.0.1:53"},
	"google":     {"8.8.8.8:53", "8.8.4.4:53"},
	"quad9":      {"9.9.9.10:53", "149.112.112.10:53"}, // 9.9.9.9 is the filtered service
}

func preset(name string) []Server {
	var servers []Server
	for _, addr := range presets[name] {
		servers = append(servers, Server{Transport: UDP, Addr: addr, Origin: name})
	}
	return servers
}
