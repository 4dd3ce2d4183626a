package rdap

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"domprobe/internal/known"
)

// Options configure a [Client]. The zero value asks by RDAP alone, at one
// question a second to a host.
type Options struct {
	// Transport carries the HTTP requests. Nil means one like
	// [http.DefaultTransport], with the proxies of the environment.
	Transport http.RoundTripper

	// UserAgent names the program to the registries. Empty means "domprobe".
	UserAgent string

	// Bootstrap is the URL or the path of the bootstrap file (RFC 9224).
	// Empty means IANA's. Another file is the whole truth: the built-in list
	// is never used beside it, nor the cache beside a file at a path. Of a
	// server that is not on IANA's list as the program has it, Registered and
	// Reserved are believed, and NotRegistered once it knows each of the Known
	// names.
	Bootstrap string

	// CacheDir is where the bootstrap file and the names of WHOIS servers
	// are kept between runs. Empty means "domprobe" under
	// [os.UserCacheDir]; when there is none, nothing is kept.
	CacheDir string

	// Rate is a ceiling on requests a second to one host. Zero means 1,
	// negative means no limit.
	Rate float64

	// InFlight is a ceiling on requests under way to one host. Zero means 2.
	InFlight int

	// Timeout is the deadline of one request, from the connection to the
	// last byte of the reply. It does not count the wait for the host's
	// turn. Zero means 10 s.
	Timeout time.Duration

	// MaxWait is how long a name waits for a host that asked to be left
	// alone. While a host asks for more its names are answered at once,
	// unconfirmed. Zero means 1 minute.
	MaxWait time.Duration

	// MaxBody is the most bytes of a reply, decompressed. Zero means 1 MiB.
	MaxBody int64

	// Known returns names below a TLD that are registered for certain, the
	// best first. Where it returns some, a server that knows none of them is
	// not believed when it says that another is not registered. One is asked
	// about at each base URL. Nil means those of a list in the program.
	Known func(tld string) []string

	// WHOIS asks by WHOIS about names in the TLDs without RDAP, at the servers
	// that IANA names.
	WHOIS bool

	// WhoisFile is the path of a file that names WHOIS servers: a TLD or a
	// suffix below one, and host[:port], on each line, and # comments. Names
	// below it are asked about there, also if WHOIS is false. Empty means that
	// there is none.
	WhoisFile string

	// WhoisServer is the host and port of the server that knows the other
	// WHOIS servers. Empty means whois.iana.org:43.
	WhoisServer string

	// Dial opens the WHOIS connections. Nil means [net.Dialer.DialContext].
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Log receives warnings, and debug messages about the bootstrap file. Nil
	// discards them.
	Log *slog.Logger
}

func setDefaults(o *Options) {
	if o.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxResponseHeaderBytes = 64 << 10
		o.Transport = t
	}
	if o.CacheDir == "" {
		if dir, err := os.UserCacheDir(); err == nil {
			o.CacheDir = filepath.Join(dir, "domprobe")
		}
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Known == nil {
		o.Known = known.Names
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.UserAgent = cmp.Or(o.UserAgent, "domprobe")
	o.Bootstrap = cmp.Or(o.Bootstrap, ianaBootstrap)
	o.WhoisServer = cmp.Or(o.WhoisServer, "whois.iana.org:43")
	o.Rate = cmp.Or(o.Rate, 1)
	o.InFlight = cmp.Or(o.InFlight, 2)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.MaxWait = cmp.Or(o.MaxWait, time.Minute)
	o.MaxBody = cmp.Or(o.MaxBody, 1<<20)
}
