package rdap

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"
)

// A Client asks registries. It is safe for concurrent use.
type Client struct {
	opts Options
	boot bootstrap
	iana bool // the bootstrap file is IANA's
	reg  whoisServers

	mu       sync.Mutex
	hosts    map[string]*host
	controls map[string]*control // by server, as vouch names it
}

// New checks the options and returns a Client. It opens no connection, and
// reads no file but that of Options.Bootstrap, if that is a path, and
// Options.WhoisFile.
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
		boot:     bootstrap{turn: semaphore.NewWeighted(1), file: !isHTTP(opts.Bootstrap)},
		iana:     opts.Bootstrap == ianaBootstrap,
		reg:      whoisServers{turn: semaphore.NewWeighted(1)},
		hosts:    make(map[string]*host),
		controls: make(map[string]*control),
	}
	if c.boot.file {
		if err := c.loadFile(); err != nil {
			return nil, err
		}
	}
	if opts.WhoisFile != "" {
		var err error
		if c.reg.listed, err = readWhoisServers(opts.WhoisFile); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Close closes idle connections. The Client can be used afterwards.
func (c *Client) Close() {
	if t, ok := c.opts.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Ask asks the registry about name: by RDAP, and by WHOIS where the TLD has no RDAP
// server, or Options.WhoisFile names a WHOIS server. It takes as long as the host's
// turn, its back-off and Options.Timeout allow; ending ctx ends it.
func (c *Client) Ask(ctx context.Context, name string) Answer {
	name, r, err := c.route(ctx, name)
	if err != nil {
		return unconfirmed(err)
	}
	a, body := c.ask(ctx, name, r)
	switch {
	case a.Status == Registered:
		a.Domain = parseDomain(body, name, a.Server)
	case a.Status == Unconfirmed && c.hasWhois(name, r) && ctx.Err() == nil:
		a = c.askWhois(ctx, name)
	}
	if a.Domain != nil {
		a.Domain.Source = a.Source
	}
	return a
}

// Lookup returns what the registry publishes about name. When there is nothing
// the error is [ErrNotRegistered], [ErrReserved] or an [*Error].
func (c *Client) Lookup(ctx context.Context, name string) (*Domain, error) {
	a := c.Ask(ctx, name)
	switch a.Status {
	case NotRegistered:
		return nil, fmt.Errorf("%s: %w", name, ErrNotRegistered)
	case Reserved:
		return nil, fmt.Errorf("%s: %w", name, ErrReserved)
	}
	return a.Domain, a.Err
}

// route normalizes the name and says which servers to ask about it.
func (c *Client) route(ctx context.Context, name string) (string, route, *Error) {
	name, err := normalize(name)
	if err != nil {
		return "", route{}, err
	}
	t, err := c.table(ctx)
	if err != nil {
		return "", route{}, err
	}
	r := t.route(name)
	if !c.iana && !r.listed {
		r.bases = nil // the user's file is the whole truth
	}
	r.vouched = r.listed && (c.iana || namedByIANA(r))
	return name, r, nil
}

// ask asks the servers of a route in turn until one says something, and
// returns its reply as well.
func (c *Client) ask(ctx context.Context, name string, r route) (a Answer, body []byte) {
	if len(r.bases) == 0 {
		reason, text := NoRDAP, "no RDAP server is known for the TLD %s"
		switch {
		case r.complete:
		case !c.iana:
			reason, text = NoBootstrap, "the bootstrap file cannot be had, which names the servers of the TLD %s"
		default:
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
	who := base
	if !r.vouched {
		who += " " + r.suffix // its word about one TLD is none about another
	}
	switch {
	case a.Status == Registered && r.vouched:
		c.control(who).pass()
	case a.Status == NotRegistered:
		if err := c.vouch(ctx, who, r.suffix, c.opts.Known(r.suffix), !r.vouched, func(known string) Answer {
			a, _ := c.query(ctx, base, known, r)
			return a
		}); err != nil {
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

// hostName matches a name of at least two labels of letters, digits and hyphens.
var hostName = lazily(`^(?:` + ldhLabel + `\.)+` + ldhLabel + `$`)

const ldhLabel = `[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?`

// normalize returns the name in lower case without a final dot, after making
// sure that it can be put in a URL and on a line of its own as it is.
func normalize(name string) (string, *Error) {
	n := strings.ToLower(strings.TrimSuffix(name, "."))
	if len(n) > 253 || !hostName().MatchString(n) {
		return "", &Error{Reason: BadName, Err: fmt.Errorf("%s is not the A-label form of a domain below a TLD", printable(name))}
	}
	return n, nil
}

func lastLabel(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
