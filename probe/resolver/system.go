package resolver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
)

// resolvConf is where resolv.conf(5) puts the system's resolvers.
const resolvConf = "/etc/resolv.conf"

// System returns every nameserver of /etc/resolv.conf, in its order. It is an
// error if there is none, and on Windows, which has no such file. A local stub
// (127.0.0.53) is returned like any other.
func System() ([]Server, error) {
	if runtime.GOOS == "windows" {
		return nil, errors.New("the system's resolvers cannot be read on Windows; name one with --resolver")
	}
	f, err := os.Open(resolvConf)
	if err != nil {
		return nil, fmt.Errorf("read the system's resolvers: %w; name one with --resolver", err)
	}
	defer f.Close()
	servers, err := readResolvConf(f)
	if err != nil {
		return nil, fmt.Errorf("read the system's resolvers of %s: %w", resolvConf, err)
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("%s names no resolver; name one with --resolver", resolvConf)
	}
	return servers, nil
}

// readResolvConf returns the nameservers of a resolv.conf(5). A line that it
// does not understand is left out, as the C library does.
func readResolvConf(r io.Reader) ([]Server, error) {
	var servers []Server
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		addr, err := netip.ParseAddr(fields[1])
		if err != nil {
			continue
		}
		servers = append(servers, Server{
			Transport: UDP,
			Addr:      net.JoinHostPort(addr.String(), "53"),
			Origin:    "system",
		})
	}
	return fold(servers), lines.Err()
}
