package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// The defaults of [Options].
const (
	DefaultMaxNames    = 10_000
	DefaultMaxSearches = 256
	DefaultMaxBody     = 1 << 20
	DefaultClientRate  = 1000
	DefaultPatience    = 30 * time.Second
)

// A Prober decides about names. A [*probe.Prober] is one.
type Prober interface {
	Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error]
}

// Options configure a [Server].
type Options struct {
	// Prober decides. It is required, and the server does not close it.
	Prober Prober

	// Confirmer, if not nil, asks the registry about single names: a Prober
	// whose [probe.Options] have Confirm.
	Confirmer Prober

	// With, if not nil, returns a Prober that also asks for more about each
	// name, and nil if it cannot. It is called once for each kind of more.
	With func(More) Prober

	// MCP serves assistants at /mcp (Model Context Protocol, streamable HTTP).
	// [Server.ServeMCP] does so without it.
	MCP bool

	// Version is that of the program, which assistants are told.
	Version string

	// Explain, if not nil, asks about a name anew and returns the events that led
	// to its verdict, for assistants. Registry, if not nil, is who tells them what
	// registries publish.
	Explain  func(ctx context.Context, name string) (probe.Result, []probe.Event, error)
	Registry Registry

	// Token, if not empty, is required of every request to the API, and
	// must be entered once to open the page. The cookies of the page are
	// Secure if the browser speaks TLS, be it to a proxy in front.
	Token string

	// Hosts are more names and IP addresses that a request may have as its
	// Host, beside localhost, loopback addresses, and the address that its
	// connection was made to. A proxy in front must pass on the Host that
	// the browser has sent.
	Hosts []string

	// Origins are those of foreign pages whose requests are answered, such as
	// "https://example.org", or "*" for all.
	Origins []string

	// Registrar, if not empty, is the page's link to a registrar, with
	// {domain} in the place of the name, unless a user has chosen another.
	Registrar string

	// WatchState, if not empty, is the state file of package watch whose names are
	// shown. It need not exist yet.
	WatchState string

	// MaxNames bounds the names of one request. Zero means 10,000.
	MaxNames int

	// MaxSearches bounds the searches at once. Zero means 256.
	MaxSearches int

	// MaxBody bounds the body of a request, in octets. Zero means 1 MiB.
	MaxBody int64

	// ClientRate is the number of names a second that one client may ask
	// about in the long run. At once it may ask about twice MaxNames. Zero
	// means 1,000, negative means no limit. A client is an IPv4 address or
	// an IPv6 network of 64 bits.
	ClientRate float64

	// AtOnce bounds the names that are being asked about at the same time,
	// over all searches. Zero means 100.
	AtOnce int

	// Patience is the time in which a client must send its body, and read
	// each part of a response. Zero means 30 s. A header must arrive within
	// 10 s, or within Patience if that is shorter.
	Patience time.Duration

	// Access, if not nil, is called after every request. It must be safe
	// for concurrent use.
	Access func(Access)
}

// More is what can be asked about names beside their verdicts. The names in JSON are
// those of the parameters of a search.
type More struct {
	Confirm bool `json:"confirm"`  // the registry's word about each name that is not found
	Dates   bool `json:"dates"`    // what the registry publishes about each name that is found
	ForSale bool `json:"for_sale"` // whether the owner of each name that is found offers it
	Parked  bool `json:"parked"`   // the service at which each name that is found is parked
}

// Access is one request with its response.
type Access struct {
	Client string // IP address
	Method string
	Path   string // as sent, without the query: it may hold any character
	Status int
	Bytes  int64 // of the body, before it is compressed
	Rows   int
	Took   time.Duration
}

// complete checks the options and puts defaults in place of zeros.
func (o *Options) complete() error {
	if o.Prober == nil {
		return errors.New("no prober given")
	}
	if o.MaxNames < 0 || o.MaxSearches < 0 || o.MaxBody < 0 || o.AtOnce < 0 || o.Patience < 0 {
		return errors.New("a limit is negative")
	}
	for _, origin := range o.Origins {
		if u, err := url.Parse(origin); origin != "*" && (err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin) {
			return fmt.Errorf("%q is no origin such as https://example.org, and not *", origin)
		}
	}
	o.MaxNames = cmp.Or(o.MaxNames, DefaultMaxNames)
	o.MaxSearches = cmp.Or(o.MaxSearches, DefaultMaxSearches)
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxBody)
	o.AtOnce = cmp.Or(o.AtOnce, probe.DefaultConcurrency)
	o.ClientRate = cmp.Or(o.ClientRate, DefaultClientRate)
	o.Patience = cmp.Or(o.Patience, DefaultPatience)
	return nil
}
