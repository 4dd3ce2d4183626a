// Package web puts the pipeline behind HTTP: a page to search with by looking,
// and an API for scripts. [New] makes a [Server] of a prober; it is an
// [http.Handler], and [Server.Serve] runs it on a listener with the time limits
// that it needs.
//
// What a request passes, in order:
//
//	serve.go     a listener: time limits, and the end, which waits for searches
//	web.go       Options, Server: the paths and what handles them
//	guard.go     who may ask: Host, Origin, the token and its cookie; headers
//	limit.go     how much: names a second of one client, searches at once
//	query.go     what is asked for: parameters or a JSON body -> names
//	stream.go    rows, flushed as they come, until the end or the client's leaving
//	names.go     one name: its verdict, and the registry's word on it
//	page.go      the page, its script and style, and what it has to choose from
//	problem.go   what is said to a request that is refused (RFC 9457)
//	recorder.go  what the log needs to know of a response
//
// All searches share verdicts (verdicts.go): those whose time to live is not
// over (cache.go), and those that are being asked for right now, so that a name
// that several clients want at once is asked once. A search that ends early
// hands the names that others wait for over to one of them.
//
// Nothing in a request chooses a resolver: the prober was made before. Nothing
// is remembered beyond fixed bounds: names of a request, searches, clients,
// verdicts. The page keeps its search behind the # of its address and its
// favourites in the browser, so that the server need not see either.
package web

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"path"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

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
	// Prober answers. It is required, and is not closed by the server.
	Prober Prober

	// Confirmer, if not nil, answers those who want the registry's word on
	// a name: a Prober whose [probe.Options] have Confirm.
	Confirmer Prober

	// Token, if not empty, must come with every request to the API, and
	// must be entered once to see the page.
	Token string

	// Hosts are the names that the server may be called by. It always may
	// be by an IP address, and by localhost.
	Hosts []string

	// MaxNames bounds the names of one request. Zero means 10,000.
	MaxNames int

	// MaxSearches bounds the searches at once. Zero means 256.
	MaxSearches int

	// MaxBody bounds the body of a request, in octets. Zero means 1 MiB.
	MaxBody int64

	// ClientRate is how many names a second one client may ask for in the
	// long run; it may be ahead by twice MaxNames. Zero means 1,000,
	// negative means no limit. A client is an IPv4 address or an IPv6
	// network of 64 bits.
	ClientRate float64

	// AtOnce bounds the names that are being asked about at once, over all
	// searches. Zero means 100.
	AtOnce int

	// Patience is how long a client may take to send its body, and to
	// accept each write of a response. Zero means 30 s. For the header of
	// a request it has 10 s, or this if it is shorter.
	Patience time.Duration

	// Access, if not nil, is called after every request. It must be safe
	// for concurrent use.
	Access func(Access)
}

// Access is one request and what came of it.
type Access struct {
	Client string // IP address
	Method string
	Path   string // without the query, and as sent: it may hold any character
	Status int
	Bytes  int64 // of the body
	Rows   int
	Took   time.Duration
}

// A Server is the HTTP handler.
type Server struct {
	opts     Options
	mux      *http.ServeMux
	verdicts *verdicts
	clients  *clients
	slots    chan struct{} // one element for each search under way
	session  string        // what the cookie of the page holds

	confirming singleflight.Group

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
		opts:     opts,
		mux:      http.NewServeMux(),
		verdicts: newVerdicts(opts.Prober, opts.AtOnce),
		clients:  newClients(opts.ClientRate, 2*opts.MaxNames),
		slots:    make(chan struct{}, opts.MaxSearches),
		session:  sessionOf(opts.Token),
	}
	s.stopped, s.stop = context.WithCancelCause(context.Background())
	for _, r := range s.routes() {
		if r.method == http.MethodGet {
			r.handle = withoutBody(r.handle)
		}
		s.mux.HandleFunc(r.method+" "+r.path, r.handle)
	}
	return s, nil
}

// A route is a path with what handles it.
type route struct {
	method, path string
	handle       http.HandlerFunc
}

func (s *Server) routes() []route {
	all := []route{
		{"GET", "/v1/probe", s.probeQuery},
		{"POST", "/v1/probe", s.probeBody},
		{"GET", "/v1/names/{domain}", s.name},
		{"POST", "/v1/names/{domain}/confirm", withoutBody(s.confirm)},
		{"GET", "/v1/options", s.choices},
		{"GET", "/healthz", healthy},
		{"POST", "/login", s.login},
		{"GET", "/{$}", s.page},
	}
	for name, f := range assets {
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
		s.hurryBody(rec)
	}
	switch p := s.guard(r); {
	case !s.enter():
		refuse(rec, problem{http.StatusServiceUnavailable, "the server is stopping"})
	case p != nil:
		refuse(rec, *p)
		s.work.Done()
	default:
		s.route(rec, r)
		s.work.Done()
	}
	rec.hurry() // what is still to be sent
	if s.opts.Access != nil {
		s.opts.Access(Access{
			Client: clientOf(r).String(), Method: r.Method, Path: r.URL.Path,
			Status: rec.status, Bytes: rec.bytes, Rows: rec.rows, Took: time.Since(start),
		})
	}
}

// route finds the handler. What the mux has to say to a request that no route
// is for is said as a problem.
func (s *Server) route(rec *recorder, r *http.Request) {
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		s.mux.ServeHTTP(rec, r)
		return
	}
	said := &discard{header: http.Header{}}
	h.ServeHTTP(said, r)
	switch said.status {
	case http.StatusMethodNotAllowed:
		rec.Header().Set("Allow", said.header.Get("Allow"))
		refuse(rec, problem{said.status, "the method " + r.Method + " is not for this path"})
	default:
		refuse(rec, problem{http.StatusNotFound, "there is nothing at this path"})
	}
}

// enter notes that a request has begun, unless the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.work.Add(1)
	}
	return !s.closed
}

// errStopping is why searches end when the server stops.
var errStopping = errors.New("the server is stopping")

// Close ends the searches under way, which end with the rows that they have,
// refuses further requests and waits for those that are being served.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop(errStopping)
	s.work.Wait()
	return nil
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	// A client that has left needs no answer.
	_, _ = w.Write([]byte("{\"status\":\"ok\"}\n"))
}
