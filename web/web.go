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
//	options.go     Options; web.go: Server, the paths
//	guard.go       who may ask: Host, Origin, token, cookies
//	limit.go       how much: names a second of one client, searches at once
//	query.go       the parameters or the JSON body, and the names that they make
//	verdicts.go    which search asks about which name; cache.go holds the verdicts
//	parameter.go   how parameters are read; making.go: the names that generators make
//	stream.go      the rows of a search, sent as they arrive
//	best.go        the best names first; keeping.go: which rows are sent
//	ideas.go       what generators make of a word or two
//	names.go       one name: its verdict, and that of the registry
//	watching.go    the watched names and their events; watched.go: the state file
//	mcp.go         assistants; mcptool.go: what they call, with mcparg.go, mcpresult.go and mcpresource.go
//	docs.go        the page that explains the API to people
//	metrics.go     what was done, for Prometheus
//	page.go        the page, its scripts and styles, and its choices
//	accept.go      which format and encoding the client wants
//	problem.go     the response to a refused request (RFC 9457)
//	recorder.go    the response as the log sees it
package web

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	_ "domprobe/probe/doh"
)

// A Server is the HTTP handler.
type Server struct {
	opts      Options
	mux       *http.ServeMux
	verdicts  *verdicts
	confirmed *verdicts // of the registries; they are not kept
	clients   *clients
	slots     chan struct{} // one element for each running search
	rankings  chan struct{} // one element for each of these that ranks names
	watched   *watched      // nil if no names are
	listeners chan struct{} // one element for each client that is told of these
	session   string        // the value of the cookies
	meter     *meter

	stopped context.Context // done once no search may run
	stop    context.CancelCauseFunc

	mu     sync.Mutex
	closed bool
	more   map[More]*verdicts // of Options.With
	work   sync.WaitGroup     // requests
}

// New checks the options and returns a Server. It listens nowhere.
func New(opts Options) (*Server, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	s := &Server{
		opts:      opts,
		mux:       http.NewServeMux(),
		verdicts:  newVerdicts(opts.Prober, opts.AtOnce, cacheSize),
		confirmed: newVerdicts(opts.Confirmer, opts.AtOnce, 0),
		clients:   newClients(opts.ClientRate, 2*opts.MaxNames),
		slots:     make(chan struct{}, opts.MaxSearches),
		rankings:  make(chan struct{}, maxRankings),
		listeners: make(chan struct{}, maxListeners),
		session:   sessionOf(opts.Token),
		more:      map[More]*verdicts{},
	}
	if opts.WatchState != "" {
		s.watched = newWatched(opts.WatchState)
		if _, err := s.watched.list(); err != nil {
			return nil, err
		}
	}
	s.meter = newMeter(s)
	s.verdicts.meter, s.confirmed.meter = s.meter, s.meter
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

// verdictsWith returns the verdicts of searches that ask for more.
func (s *Server) verdictsWith(more More) (*verdicts, *problem) {
	if more == (More{}) {
		return s.verdicts, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.more[more] == nil && s.opts.With != nil {
		if p := s.opts.With(more); p != nil {
			v := newVerdicts(p, s.opts.AtOnce, cacheSize/8)
			v.meter = s.meter
			s.more[more] = v
		}
	}
	if s.more[more] == nil {
		return nil, problemf(http.StatusNotImplemented, "this server does not ask for that: registries, for example")
	}
	return s.more[more], nil
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
		{"GET", "/v1/watched", s.watchedNames},
		{"GET", "/v1/watched/events", s.watchedEvents},
		{"GET", "/healthz", healthy},
		{"GET", metricsPath, s.metrics},
		{"GET", "/docs", s.document},
		{"GET", "/docs.css", newAsset(kinds[".css"], docsStyle).serve},
		{"POST", "/login", s.login},
		{"GET", "/{$}", s.page},
	}
	if s.opts.MCP {
		all = append(all, route{"POST", mcpPath, s.assist})
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
	rec := newRecorder(w, r, s.opts.Patience)
	setHeaders(rec.Header())
	rec.begun = func(h http.Header) { s.setLimits(h, r) }
	if r.ContentLength != 0 {
		// A body that is not read to its end ends the connection: package
		// net/http would wait for the rest before it sends the response.
		rec.Header().Set("Connection", "close")
		_ = rec.control.SetReadDeadline(start.Add(s.opts.Patience))
	}
	s.serve(rec, r)
	rec.end()
	s.meter.request(r.Method, rec.status)
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
	if s.allowOrigin(w.Header(), r) && r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent) // the browser asks before it sends a request
		return
	}
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
