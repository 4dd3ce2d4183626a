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

// resolvConf is the file with the system's resolvers: see resolv.conf(5).
const resolvConf = "/etc/resolv.conf"

// System returns the nameservers of /etc/resolv.conf, in their order, including a
// local stub such as 127.0.0.53. It is an error if there is none. Windows has no
// such file.
func System() ([]Server, error) {
	if runtime.GOOS == "windows" {
		return nil, errors.New("the system's resolvers cannot be read on Windows; name one")
	}
	f, err := os.Open(resolvConf)
	if err != nil {
		return nil, fmt.Errorf("read the system's resolvers: %w; name one", err)
	}
	defer f.Close()
	servers, err := readResolvConf(f)
	if err != nil {
		return nil, fmt.Errorf("read the system's resolvers of %s: %w", resolvConf, err)
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("%s names no resolver; name one", resolvConf)
	}
	return servers, nil
}

// readResolvConf returns the nameservers of a resolv.conf(5). Like the C library,
// it ignores lines that it does not understand.
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
