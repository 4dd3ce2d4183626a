package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/web"
)

// A serving is the settings of the command serve.
type serving struct {
	web        web.Options // Token, Hosts and MaxNames
	listen     string
	clientRate int
	health     bool
	service
	nats connecting
}

func serveCommand() *command {
	s := &serving{listen: "127.0.0.1:8053", web: web.Options{MaxNames: web.DefaultMaxNames}, clientRate: web.DefaultClientRate}
	return &command{Command: cmdline.Command{
		Name:     "serve",
		Summary:  "search in a browser, and over HTTP",
		Synopsis: "serve [flags]",
		Examples: `  domprobe serve                          # then open http://127.0.0.1:8053/
  domprobe serve -r quad9 -r cloudflare --quorum 2
  curl 'http://127.0.0.1:8053/v1/probe?keyword=go,rust&tld=dev,io'
  domprobe serve --listen 192.0.2.7:8053 --token "$(openssl rand -hex 16)"
`,
		Options: slices.Concat([]*cmdline.Option{
			cmdline.Text(&s.listen, "listen", "", "serve on this `ADDRESS` and port").Common(),
			cmdline.Text(&s.web.Token, "token", "", "serve only clients that have this `TOKEN`; required unless the address is loopback").Secret().Common(),
			cmdline.List(&s.web.Hosts, "host", "", "also answer to this `NAME` or address, besides localhost and the address listened on").Common(),
			cmdline.Parsed(&s.web.Registrar, "registrar", "", "link names that can be registered to this `URL`, with {domain} in the place of the name", "", parseRegistrar),
			cmdline.Text(&s.web.WatchState, "watch-state", "", "show the names of this state `FILE` of domprobe watch, and their changes"),
			cmdline.Number(&s.web.MaxNames, "max-names", "", "probe at most `N` names for one request", 1, math.MaxInt).Local(),
			cmdline.Number(&s.clientRate, "client-rate", "", "probe at most `N` names a second for one client in the long run; 0 is no limit", 0, math.MaxInt),
			cmdline.List(&s.web.Origins, "allow-origin", "", "let pages of this `ORIGIN` ask, such as https://example.org, or of all sites: *"),
			cmdline.Switch(&s.web.MCP, "mcp", "", "also answer assistants at /mcp: the Model Context Protocol over HTTP"),
			cmdline.Switch(&s.health, "health", "", "ask the server that listens there whether it is well, and end").Local(),
		}, s.service.options(), s.nats.options()),
		Exits: map[int]string{
			codeOK:          "ended by a signal; with --health, the server is well",
			codeInterrupted: "interrupted before it served",
		},
	}, run: s.run}
}

// parseRegistrar returns the link to a registrar.
func parseRegistrar(s string) (string, error) {
	u, err := url.Parse(strings.ReplaceAll(s, "{domain}", "go.dev"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || !strings.Contains(s, "{domain}") {
		return "", cmdline.Usage("try https://registrar.example/?q={domain}", "--registrar cannot be %q", s)
	}
	return s, nil
}

func (s *serving) run(ctx context.Context, inv *invocation) error {
	if s.health {
		return askHealth(ctx, s.listen)
	}
	if err := s.check(inv); err != nil {
		return err
	}
	opts := s.web
	opts.Access = func(a web.Access) { inv.console.Note("%s", accessLine(a)) }
	if opts.ClientRate = float64(s.clientRate); s.clientRate == 0 {
		opts.ClientRate = -1
	}
	b, err := s.open(ctx, inv, &opts)
	if err != nil {
		return err
	}
	defer b.close()
	if s.nats.on() {
		shared, conn, err := s.nats.share(ctx, inv, &s.ask, b.prober)
		if err != nil {
			return err
		}
		defer conn.Close()
		// Names that other instances ask about take places too. Many at once are tested
		// with few controls.
		opts.Prober, opts.AtOnce = shared, 10*probe.DefaultConcurrency
	}
	return s.serve(ctx, inv, opts)
}

// minToken is the length below which a token can be guessed.
const minToken = 12

const tokenHint = `name one: --token "$(openssl rand -hex 16)"`

func (s *serving) check(inv *invocation) error {
	if err := inv.noArguments("serve", "names are typed into the page"); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(s.listen)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	switch n := len(s.web.Token); {
	case err != nil:
		return cmdline.Usage("try 127.0.0.1:8053", "--listen: %w", err)
	case n > 0 && n < minToken:
		return cmdline.Usage("try: openssl rand -hex 16", "--token has %d characters, which can be guessed; %d are the least", n, minToken)
	case n == 0 && !isLoopbackAddress(s.listen):
		return cmdline.Usage(tokenHint, "--listen %s: %w", s.listen, web.ErrNoToken)
	}
	return nil
}

// isLoopbackAddress reports whether only this machine can reach an address. It
// knows IP addresses and localhost, and looks no name up.
func isLoopbackAddress(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

func (s *serving) serve(ctx context.Context, inv *invocation, opts web.Options) error {
	server, err := web.New(opts)
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.listen)
	if err != nil {
		return err
	}
	inv.console.Note("serving on http://%s/", l.Addr())
	if s.web.Token != "" {
		inv.console.Note("the page asks for the token; the API takes it as Authorization: Bearer TOKEN")
		if !isLoopbackAddress(l.Addr().String()) {
			inv.console.Note("warning: others can reach this address, and without a TLS proxy in front the network sees names and token")
		}
	}
	err = server.Serve(ctx, l)
	if errors.Is(err, web.ErrNoToken) { // a host name that is not of this machine alone
		return cmdline.Usage(tokenHint, "--listen %s: %w", l.Addr(), err)
	}
	if err != nil {
		return &exitError{code: codeFailed, err: err} // also after a signal
	}
	inv.console.Note("stopped")
	return nil
}

// accessLine is the line of the log for a request.
func accessLine(a web.Access) string {
	rows := ""
	if a.Rows > 0 {
		rows = fmt.Sprintf(" %d rows", a.Rows)
	}
	return fmt.Sprintf("%s %s %s %d %d bytes%s %s", a.Client, a.Method, a.Path, a.Status, a.Bytes, rows, a.Took.Round(100*time.Microsecond))
}
