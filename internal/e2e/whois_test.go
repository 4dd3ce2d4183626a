package e2e

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"domprobe/internal/known"
)

// whois starts a WHOIS server and writes a file to FILE that names it for these
// TLDs:
//
//	co  knows the names that begin with "taken", reserves "reserved.co", and says of every other that it is not found
//	io  has every name
//	hk  speaks in words of its own
func whois(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: whois FILE")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go answerWhois(conn)
		}
	}()
	var file strings.Builder
	file.WriteString("# servers of a test\n")
	for _, tld := range []string{"co", "io", "hk"} {
		fmt.Fprintf(&file, "%s %s\n", tld, l.Addr())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(file.String()), 0o600))
}

func answerWhois(conn net.Conn) {
	defer conn.Close()
	name, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	name = strings.TrimSuffix(name, "\r\n")
	_, tld, _ := strings.Cut(name, ".")
	switch {
	case tld == "hk":
		fmt.Fprintf(conn, "%s? Who knows.\r\n", name)
	case tld == "io" || strings.HasPrefix(name, "taken") || known.Has(name):
		fmt.Fprintf(conn, "Domain Name: %s\r\nRegistrar: Example \x1b[2J\r\nCreation Date: 2009-11-10\r\nRegistry Expiry Date: 2030-11-10\r\n"+
			"Domain Status: clientTransferProhibited https://icann.org/epp#clientTransferProhibited\r\nDNSSEC: unsigned\r\n", strings.ToUpper(name))
	case name == "reserved.co":
		fmt.Fprintf(conn, "%s is reserved by the registry.\r\n", name)
	default:
		fmt.Fprintf(conn, "No match for %q.\r\n", name)
	}
}
