package herd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options configure a [Conn].
type Options struct {
	// URL is one server or several, comma-separated: nats://host:4222, tls://,
	// ws://. It may carry a user and a password, or a token.
	URL string

	Creds   string // a file with a JWT and an nkey
	NKey    string // a file with the seed of an nkey
	CA      string // a file with the roots that the server's certificate is of
	Cert    string // a file with the certificate of the client, with Key
	Key     string
	Patient bool // the server need not be there: what can be done without is done

	// Version is that of the program. Worker and coordinator must have the same.
	Version string

	// Name is that of this process in the herd. It must be unique.
	Name string

	// Note is called with lines for the user. It must be safe for concurrent use.
	// Nil drops them.
	Note func(line string)

	// Log receives what goes on with the connection, at debug level. Nil discards it.
	Log *slog.Logger
}

// A Conn is a connection to NATS. It is safe for concurrent use.
type Conn struct {
	opts  Options
	nc    *nats.Conn
	js    jetstream.JetStream
	where string // without secrets

	// The user has been told that the server is away. The client knows it as well, but
	// does not answer while it tries to connect.
	lost atomic.Bool

	failed atomic.Bool // the user has been told that it fails
}

// Connect connects to the server. No error or log line holds a secret.
func Connect(ctx context.Context, opts Options) (*Conn, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Note == nil {
		opts.Note = func(string) {}
	}
	c := &Conn{opts: opts, where: withoutSecrets(opts.URL)}
	settings, err := c.settings()
	if err == nil {
		c.nc, err = nats.Connect(opts.URL, settings...)
	}
	if _, quoted := errors.AsType[*url.Error](err); quoted { // with its secrets
		err = errors.New("this is not a URL")
	}
	if err != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w", c.where, err)
	}
	if c.js, err = jetstream.New(c.nc); err != nil {
		c.nc.Close()
		return nil, fmt.Errorf("connect to NATS at %s: %w", c.where, err)
	}
	if opts.Patient {
		if !c.nc.IsConnected() {
			c.away()
		}
		return c, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	if _, err := c.js.AccountInfo(ctx); err != nil {
		c.nc.Close()
		return nil, fmt.Errorf("connect to NATS at %s: %w; JetStream is needed (nats-server -js)", c.where, err)
	}
	return c, nil
}

func (c *Conn) settings() ([]nats.Option, error) {
	o := &c.opts
	all := []nats.Option{
		nats.Name("domprobe " + o.Name), nats.MaxReconnects(-1), nats.ReconnectWait(retryWait), nats.RetryOnFailedConnect(o.Patient),
		nats.IgnoreAuthErrorAbort(), nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(nc *nats.Conn, _ error) {
			if !nc.IsClosed() {
				c.away()
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			if c.lost.Swap(false) {
				o.Note("NATS at " + c.where + " is back")
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			o.Log.Debug("NATS: " + err.Error())
		}),
	}
	if o.Creds != "" {
		all = append(all, nats.UserCredentials(o.Creds))
	}
	if o.NKey != "" {
		nkey, err := nats.NkeyOptionFromSeed(o.NKey)
		if err != nil {
			return nil, err
		}
		all = append(all, nkey)
	}
	if o.CA != "" {
		all = append(all, nats.RootCAs(o.CA))
	}
	if o.Cert != "" || o.Key != "" {
		all = append(all, nats.ClientCert(o.Cert, o.Key))
	}
	return all, nil
}

// away tells the user once that the server is away.
func (c *Conn) away() {
	what := "waiting for it"
	if c.opts.Patient {
		what = "going on alone"
	}
	if !c.lost.Swap(true) {
		c.opts.Note("NATS at " + c.where + " is away; " + what)
	}
}

// withoutSecrets returns the URLs without users, passwords and tokens.
func withoutSecrets(urls string) string {
	var clean []string
	for one := range strings.SplitSeq(urls, ",") {
		one = strings.TrimSpace(one)
		if u, err := url.Parse(one); err == nil && u.Host != "" {
			one = u.Scheme + "://" + u.Host
		} else if at := strings.LastIndexByte(one, '@'); at >= 0 {
			one = one[at+1:]
		}
		clean = append(clean, one)
	}
	return strings.Join(clean, ",")
}

// Close ends the connection.
func (c *Conn) Close() { c.nc.Close() }

// insist calls f until it succeeds, fails for good, or ctx is done: an outage of
// the server is waited for, and so is a server that fails, as with a full disk.
func (c *Conn) insist(ctx context.Context, f func(context.Context) error) error {
	began, told := time.Now(), false
	defer func() {
		if told {
			c.failed.Store(false)
		}
	}()
	for {
		err := once(ctx, f)
		switch {
		case err == nil && told:
			c.opts.Note("NATS at " + c.where + " works again")
			return nil
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case final(err):
			return err
		case c.lost.Load():
			began = time.Now()
		case time.Since(began) > ackWait && !c.failed.Swap(true):
			told = true
			c.opts.Note("NATS at " + c.where + " fails; trying again: " + err.Error())
		}
		c.opts.Log.Debug("NATS: " + err.Error() + "; trying again")
		if !pause(ctx, retryWait) {
			return context.Cause(ctx)
		}
	}
}

// once calls f with a limit on its time.
func once(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	return f(ctx)
}

// final reports whether it is of no use to try again after an error.
func final(err error) bool {
	if errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrMaxPayload) || gone(err) {
		return true
	}
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && api.Code >= 400 && api.Code < 500
}

// gone reports whether the stream of a job, or its consumer, does not exist.
func gone(err error) bool {
	return errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerNotFound) ||
		errors.Is(err, jetstream.ErrConsumerDeleted)
}

// pause waits, and reports false when ctx is done.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
