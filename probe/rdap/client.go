// Package rdap asks the registries whether a name is registered: the second
// opinion on names that the DNS does not show.
//
// [Client.Ask] answers for one name, [Client.Lookup] returns what the registry
// publishes about it, and [Client.Confirm] is Ask as package probe wants it. All wait for their turn at the registry's
// server, so that a caller with many names calls them from many goroutines,
// one for each name, and lets the Client do the pacing.
//
//	client.go     Options, Client, and how a name finds its server
//	confirm.go    the word of a registry as a reason of package probe
//	answer.go     Status, Reason, Answer, Error: what can be said about a name
//	table.go      which server is responsible for a name, and what its word is worth
//	bootstrap.go  where the table comes from: IANA's file (RFC 9224), kept between runs
//	cache.go      files under the user's cache directory, written atomically
//	control.go    whether a server knows the names that must exist
//	fetch.go      one HTTPS request: deadline, size limit, redirects
//	host.go       politeness: rate, requests in flight, back-off and circuit of a host
//	verdict.go    RDAP replies (RFC 9083): whether there is a domain
//	json.go       what is asked of every JSON text before it is read
//	domain.go     what they publish about it, for people to read
//	whois.go      one question by WHOIS (RFC 3912), where there is no RDAP
//	pattern.go    WHOIS replies: what they say by the patterns of whois.txt
//
// What a reply is taken for errs on one side only. Registered is said when the
// registry says so, and reserved when it says so of the name in words that are
// known. Not registered is said on an RDAP error 404, as the status or in the
// reply, of a server that the bootstrap file names for the TLD and that knows a
// name which must exist ([Options.Known]), or on a WHOIS reply that
// matches, in whole lines, the registry's own wording. Everything else (other
// status codes, web pages, replies that are cut, too large or contradict
// themselves, a 404 that any gateway could give or of a server that is merely
// known to answer) is [Unconfirmed] with a [Reason].
//
// A WHOIS reply of at, io, jp, me and ru that says that a name is not registered
// does not carry the name: it cannot be told from a reply about another one. The
// [Answer] has a Note then.
//
// Limits are those of a host, and not of a TLD, because a few hosts serve
// hundreds of TLDs. A host that refuses is left alone for as long as it asks;
// names at other hosts do not wait for it. After repeated refusals its
// circuit opens: its names are answered at once, unconfirmed, until some time
// has passed.
//
// Servers are not trusted either: replies are limited in size, depth and time,
// redirects go to the same host or to one that the bootstrap file names, and
// text for people is escaped.
package rdap

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
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
	// Empty means IANA's. A file at a path is the whole truth: neither the
	// cache nor the built-in list is used beside it.
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
	// about at each base URL. Nil means nic.TLD for some large TLDs.
	Known func(tld string) []string

	// WHOIS asks by WHOIS about names in the TLDs without RDAP whose
	// registry's replies the package knows.
	WHOIS bool

	// WhoisServer is the host and port of the server that knows the other
	// WHOIS servers. Empty means whois.iana.org:43.
	WhoisServer string

	// Dial opens the WHOIS connections. Nil means [net.Dialer.DialContext].
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Log receives warnings. Nil discards them.
	Log *slog.Logger
}

// A Client asks registries. It is safe for concurrent use.
type Client struct {
	opts Options
	boot bootstrap
	reg  whoisServers

	mu       sync.Mutex
	hosts    map[string]*host
	controls map[string]*control // by base URL
}

// New checks the options and returns a Client. It opens no connection, and
// reads no file but that of Options.Bootstrap, if that is a path.
func New(opts Options) (*Client, error) {
	switch {
	case opts.InFlight < 0:
		return nil, fmt.Errorf("%d requests in flight to one registry server", opts.InFlight)
	case opts.Timeout < 0:
		return nil, fmt.Errorf("timeout %v is negative", opts.Timeout)
	case opts.MaxWait < 0:
		return nil, fmt.Errorf("wait of %v for a registry server is negative", opts.MaxWait)
	case opts.MaxBody < 0:
		return nil, fmt.Errorf("replies of at most %d bytes", opts.MaxBody)
	}
	setDefaults(&opts)
	c := &Client{
		opts:     opts,
		boot:     bootstrap{turn: make(chan struct{}, 1), file: !isHTTP(opts.Bootstrap)},
		reg:      whoisServers{turn: make(chan struct{}, 1)},
		hosts:    make(map[string]*host),
		controls: make(map[string]*control),
	}
	if c.boot.file {
		if err := c.loadFile(); err != nil {
			return nil, err
		}
	}
	return c, nil
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
		o.Known = known
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

// Close closes idle connections. The Client can be used afterwards.
func (c *Client) Close() {
	if t, ok := c.opts.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Ask asks the registry whether name is registered. It takes as long as
// the host's turn, its back-off and Options.Timeout allow; ending ctx ends it.
func (c *Client) Ask(ctx context.Context, name string) Answer {
	name, r, err := c.route(ctx, name)
	if err != nil {
		return unconfirmed(err)
	}
	a, _ := c.ask(ctx, name, r)
	if a.Status == Unconfirmed && !r.listed && c.opts.WHOIS && ctx.Err() == nil {
		if w := whoisFor(name); w != nil {
			return c.askWhois(ctx, name, w)
		}
	}
	return a
}

// Lookup returns what the registry publishes about name by RDAP. When there
// is nothing the error is [ErrNotRegistered], [ErrReserved] or an [*Error].
func (c *Client) Lookup(ctx context.Context, name string) (*Domain, error) {
	name, r, err := c.route(ctx, name)
	if err != nil {
		return nil, err
	}
	a, body := c.ask(ctx, name, r)
	switch a.Status {
	case Registered:
		return parseDomain(body, name, a.Server), nil
	case NotRegistered:
		return nil, fmt.Errorf("%s: %w", name, ErrNotRegistered)
	case Reserved:
		return nil, fmt.Errorf("%s: %w", name, ErrReserved)
	}
	return nil, a.Err
}

// route normalizes the name and says which servers to ask about it.
func (c *Client) route(ctx context.Context, name string) (string, route, error) {
	name, err := normalize(name)
	if err != nil {
		return "", route{}, err
	}
	t, err := c.table(ctx)
	if err != nil {
		return "", route{}, err
	}
	return name, t.route(name), nil
}

// ask asks the servers of a route in turn until one says something, and
// returns its reply as well.
func (c *Client) ask(ctx context.Context, name string, r route) (a Answer, body []byte) {
	if len(r.bases) == 0 {
		reason, text := NoRDAP, "no RDAP server is known for the TLD %s"
		if !r.complete {
			reason, text = NoBootstrap, "the bootstrap file cannot be had and the built-in list does not name the TLD %s"
		}
		return unconfirmed(&Error{Reason: reason, Err: fmt.Errorf(text, lastLabel(name))}), nil
	}
	for _, base := range r.bases {
		a, body = c.askServer(ctx, base, name, r)
		if a.Status != Unconfirmed || ctx.Err() != nil {
			break
		}
	}
	return a, body
}

// tries is how often one server is asked about one name while it refuses.
const tries = 3

// askServer asks the server at base. That it does not know the name counts once
// it is seen to know others.
func (c *Client) askServer(ctx context.Context, base, name string, r route) (Answer, []byte) {
	a, body := c.query(ctx, base, name, r)
	switch a.Status {
	case Registered:
		c.control(base).pass()
	case NotRegistered:
		if err := c.vouch(ctx, base, r); err != nil {
			err.Source, err.Server = "rdap", a.Server
			return unconfirmed(err), nil
		}
	}
	return a, body
}

// query asks the server at base about a name.
func (c *Client) query(ctx context.Context, base, name string, r route) (Answer, []byte) {
	var rep *reply
	err := retry(func() (err *Error) {
		rep, err = c.get(ctx, base+"domain/"+name, rdapHeader, r.named)
		return err
	})
	if err != nil {
		return unconfirmed(err), nil
	}
	return classify(rep, name, r.authoritative(rep.url)), rep.body
}

// retry asks until the server does not refuse, at most tries times. The pause
// between is the host's; one that does not want to be asked again ends it.
func retry(ask func() *Error) (err *Error) {
	for range tries {
		next := ask()
		if err != nil && next != nil && next.Reason == CircuitOpen {
			return err
		}
		if err = next; err == nil || err.Reason != RateLimited {
			break
		}
	}
	return err
}

var rdapHeader = http.Header{"Accept": {"application/rdap+json"}}

// normalize returns the name in lower case without a final dot, after making
// sure that it can be put in a URL and on a line of its own as it is.
func normalize(name string) (string, error) {
	n := strings.ToLower(strings.TrimSuffix(name, "."))
	ok := len(n) <= 253 && strings.Contains(n, ".")
	for label := range strings.SplitSeq(n, ".") {
		ok = ok && isLabel(label)
	}
	if !ok {
		return "", &Error{Reason: BadName, Err: fmt.Errorf("%s is not the A-label form of a domain below a TLD", printable(name))}
	}
	return n, nil
}

func lastLabel(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, b := range []byte(s) {
		if b != '-' && (b < '0' || b > '9') && (b < 'a' || b > 'z') {
			return false
		}
	}
	return true
}
