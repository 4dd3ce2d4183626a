package resolver_test

import (
	"fmt"

	"domprobe/probe/resolver"
)

func ExampleParse() {
	for _, s := range []string{"quad9", "[2001:db8::1]:5353", "tls://dns.quad9.net", "gopher://dns.example"} {
		servers, err := resolver.Parse(s)
		fmt.Println(servers, err)
	}
	// Output:
	// [9.9.9.10:53 149.112.112.10:53] <nil>
	// [[2001:db8::1]:5353] <nil>
	// [tls://dns.quad9.net:853] <nil>
	// [] resolver "gopher://dns.example": unknown scheme; known are udp, tcp, tls and https
}
