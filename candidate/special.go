package candidate

import (
	"strconv"
	"strings"
	"sync"
)

// special returns the error of a name that is, or lies under, a special-use name,
// and nil for any other name. The special-use names are those of the IANA registry
// (RFC 6761), and internal, which ICANN reserves for private use. example.com,
// example.net and example.org are no special case here: they are delegated, and
// should be resolved like any name (RFC 6761 section 6.5).
func special(name string) *Error {
	reserved := name[strings.LastIndexByte(name, '.')+1:]
	switch reserved {
	case "alt", "example", "internal", "invalid", "local", "localhost", "onion", "test":
	case "arpa":
		for reserved = name; !arpaNames()[reserved]; {
			if _, reserved, _ = strings.Cut(reserved, "."); reserved == "" {
				return nil
			}
		}
	default:
		return nil
	}
	return invalid(SpecialUse, "%s is reserved for special use (RFC 6761) and nobody can register it", reserved)
}

// arpaNames are the special-use names under arpa.
var arpaNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{
		"6tisch.arpa":              true, // RFC 9031
		"eap.arpa":                 true, // RFC 9965
		"eap-noob.arpa":            true, // RFC 9140
		"home.arpa":                true, // RFC 8375
		"ipv4only.arpa":            true, // RFC 7050, RFC 8880
		"resolver.arpa":            true, // RFC 9462
		"service.arpa":             true, // RFC 9665
		"10.in-addr.arpa":          true, // RFC 6761 section 6.1, also below
		"168.192.in-addr.arpa":     true,
		"254.169.in-addr.arpa":     true, // RFC 6762 section 12
		"170.0.0.192.in-addr.arpa": true, // RFC 8880
		"171.0.0.192.in-addr.arpa": true,
		"8.e.f.ip6.arpa":           true, // RFC 6762 section 12
		"9.e.f.ip6.arpa":           true,
		"a.e.f.ip6.arpa":           true,
		"b.e.f.ip6.arpa":           true,
	}
	for i := 16; i < 32; i++ {
		names[strconv.Itoa(i)+".172.in-addr.arpa"] = true
	}
	return names
})
