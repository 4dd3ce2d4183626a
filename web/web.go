// Package web serves searches over HTTP: a search page for people, and an API for
// programs. [New] makes a [Server], an [http.Handler], from a prober.
// [Server.Serve] serves it on a listener, with the limits that a network needs.
//
// No request chooses a resolver: the prober is made before. All searches share
// one cache of verdicts, and a name that several clients want at the same time is
// asked about once. All memory is bounded: connections, searches, names of a
// request, rows that a client has not read, clients, verdicts.
//
// The page keeps a search in the fragment of its address, and favourites in the
// browser, so that the server sees neither.
//
// The files, in the order in which a request passes them:
//
//	serve.go       a listener: time limits, and the end
//	connections.go how many connections are open
//	web.go         Options, Server, the paths
//	guard.go       who may ask: Host, Origin, token, cookies
//	limit.go       how much: names a second of one client, searches at once
//	query.go       the parameters or the JSON body, and the names that they make
//	verdicts.go    which search asks about which name; cache.go holds the verdicts
//	stream.go      the rows of a search, sent as they arrive
//	names.go       one name: its verdict, and that of the registry
//	ideas.go       keywords that the words of a text suggest
//	page.go        the page, its scripts and styles, and its choices
//	problem.go     the response to a refused request (RFC 9457)
//	recorder.go    the response as the log sees it
package web

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
	_ "domprobe/probe/doh"
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

	// Token, if not empty, is required of every request to the API, and
	// must be entered once to open the page. The cookies of the page are
	// Secure if the browser speaks TLS, be it to a proxy in front.
	Token string

	// Hosts are more names and IP addresses that a request may have as its
	// Host, beside localhost, loopback addresses, and the address that its
	// connection was made to. A proxy in front must pass on the Host that
	// the browser has sent.
	Hosts []string

	// Registrar, if not empty, is the page's link to a registrar, with
	// {domain} in the place of the name, unless a user has chosen another.
	Registrar string

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

// Access is one request with its response.
type Access struct {
	Client string // IP address
	Method string
	Path   string // as sent, without the query: it may hold any character
	Status int
	Bytes  int64 // of the body
	Rows   int
	Took   time.Duration
}

// A Server is the HTTP handler.
type Server struct {
	opts      Options
	mux       *http.ServeMux
	verdicts  *verdicts
	confirmed *verdicts // of the registries; they are not kept
	clients   *clients
	slots     chan struct{} // one element for each running search
	session   string        // the value of the cookies

	stopped context.Context // done once no search may run
	stop    context.CancelCauseFunc

	mu     sync.Mutex
	closed bool
	work   sync.WaitGroup // requests
}

// New checks the options and returns a Server. It listens nowhere.
func New(opts Options) (*Server, error) {
	if opts.Prober == nil {
		return nil, errors.New("no prober given")
	}
	if opts.MaxNames < 0 || opts.MaxSearches < 0 || opts.MaxBody < 0 || opts.AtOnce < 0 || opts.Patience < 0 {
		return nil, errors.New("a limit is negative")
	}
	opts.MaxNames = cmp.Or(opts.MaxNames, DefaultMaxNames)
	opts.MaxSearches = cmp.Or(opts.MaxSearches, DefaultMaxSearches)
	opts.MaxBody = cmp.Or(opts.MaxBody, DefaultMaxBody)
	opts.AtOnce = cmp.Or(opts.AtOnce, probe.DefaultConcurrency)
	opts.ClientRate = cmp.Or(opts.ClientRate, DefaultClientRate)
	opts.Patience = cmp.Or(opts.Patience, DefaultPatience)
	s := &Server{
		opts:      opts,
		mux:       http.NewServeMux(),
		verdicts:  newVerdicts(opts.Prober, opts.AtOnce, cacheSize),
		confirmed: newVerdicts(opts.Confirmer, opts.AtOnce, 0),
		clients:   newClients(opts.ClientRate, 2*opts.MaxNames),
		slots:     make(chan struct{}, opts.MaxSearches),
		session:   sessionOf(opts.Token),
	}
	s.stopped, s.stop = context.WithCancelCause(context.Background())
	allowed := map[string]string{}
	for _, r := range s.routes() {
		methods := r.method
		if r.method == http.MethodGet {
			r.handle = withoutBody(r.handle)
			methods = "GET, HEAD"
		}
		s.mux.Handle(r.method+" "+r.path, r.handle)
		allowed[r.path] = strings.TrimPrefix(allowed[r.path]+", "+methods, ", ")
	}
	for path, methods := range allowed {
		s.mux.Handle(path, handler(func(w http.ResponseWriter, r *http.Request) *problem {
			w.Header().Set("Allow", methods)
			return problemf(http.StatusMethodNotAllowed, "this path has no method %s", r.Method)
		}))
	}
	s.mux.Handle("/", handler(func(http.ResponseWriter, *http.Request) *problem {
		return problemf(http.StatusNotFound, "there is nothing at this path")
	}))
	return s, nil
}

// A handler answers a request, unless it returns why it refuses to.
type handler func(http.ResponseWriter, *http.Request) *problem

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := h(w, r); p != nil {
		refuse(w, p)
	}
}

// A route is a path with its handler.
type route struct {
	method, path string
	handle       handler
}

func (s *Server) routes() []route {
	all := []route{
		{"GET", "/v1/probe", s.search},
		{"POST", "/v1/probe", s.search},
		{"GET", "/v1/names/{domain}", s.answer(s.decide)},
		{"POST", "/v1/names/{domain}/confirm", withoutBody(s.answer(s.confirm))},
		{"GET", "/v1/options", choices(s.opts).serve},
		{"GET", "/v1/ideas", s.ideas},
		{"GET", "/healthz", healthy},
		{"POST", "/login", s.login},
		{"GET", "/{$}", s.page},
	}
	for name, f := range assets() {
		if path.Ext(name) != ".html" { // pages are for those who have the token
			all = append(all, route{"GET", "/" + name, f.serve})
		}
	}
	return all
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rec := newRecorder(w, s.opts.Patience)
	setHeaders(rec.Header())
	if r.ContentLength != 0 {
		// A body that is not read to its end ends the connection: package
		// net/http would wait for the rest before it sends the response.
		rec.Header().Set("Connection", "close")
		_ = rec.control.SetReadDeadline(start.Add(s.opts.Patience))
	}
	s.serve(rec, r)
	rec.hurry() // for what net/http still has to send
	if s.opts.Access != nil {
		s.opts.Access(Access{
			Client: clientOf(r).String(), Method: r.Method, Path: r.URL.Path,
			Status: rec.status, Bytes: rec.bytes, Rows: rec.rows, Took: time.Since(start),
		})
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		refuse(w, problemf(http.StatusServiceUnavailable, "%v", errStopping))
		return
	}
	s.work.Add(1)
	s.mu.Unlock()
	defer s.work.Done()
	if p := s.guard(r); p != nil {
		refuse(w, p)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// errStopping is the cause of the end of searches when the server stops.
var errStopping = errors.New("the server is stopping")

// Close ends the running searches with the rows that they have, refuses further
// requests, and waits for those that are being served.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop(errStopping)
	s.work.Wait()
	return nil
}

func healthy(w http.ResponseWriter, _ *http.Request) *problem {
	w.Header().Set("Content-Type", "application/json")
	// A client that has left needs no answer.
	_, _ = w.Write([]byte("{\"status\":\"ok\"}\n"))
	return nil
}
