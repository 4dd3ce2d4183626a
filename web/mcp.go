package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"domprobe/probe"
)

const (
	// answerTime is when a call is answered with the rows that it has: clients
	// give up after a minute.
	answerTime = 40 * time.Second

	// maxCall bounds the names of one call.
	maxCall = 1000

	// progressTime is how long a client that wants to know of progress waits
	// for the next word of it, at least.
	progressTime = time.Second
)

// errLate is the cause of the end of a call that has taken its time.
var errLate = errors.New("the time for an answer is over")

const instructions = "domprobe tells which domains are registered. A verdict is found (registered, or withheld by the registry), " +
	"not-found (the DNS shows no registration), unknown (no trustworthy answer: never take it for free) or invalid (nobody can " +
	"register the name). Not-found names are likely free, not certainly: with confirm the registry is asked, and the reason " +
	"rdap-not-registered is its word that the name is not registered. An answer that is truncated has what there was in time: " +
	"call again with the same arguments or the pending names, what is known comes at once."

// An assistant answers the calls of one client of the Model Context Protocol.
type assistant struct {
	*Server
	client netip.Addr      // whose allowance is charged
	until  context.Context // ends with the connection of the client
}

// ServeMCP answers an assistant by the Model Context Protocol (stdio) until its
// input ends or ctx does.
func (s *Server) ServeMCP(ctx context.Context, in io.ReadCloser, out io.WriteCloser) error {
	ctx, cancel := s.untilStopped(ctx)
	defer cancel()
	a := &assistant{s, netip.Addr{}, ctx}
	err := a.tools().Run(ctx, &mcp.IOTransport{Reader: in, Writer: out})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// assist answers a request of an assistant (streamable HTTP). There are no sessions:
// every request stands alone.
func (s *Server) assist(w http.ResponseWriter, r *http.Request) *problem {
	if p := s.limitBody(w, r); p != nil {
		return p
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return bodyProblem(err)
	}
	w.Header().Del("Connection") // the body has been read to its end
	ctx, cancel := s.untilStopped(r.Context())
	defer cancel()
	r = r.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(body))
	server := (&assistant{s, clientOf(r), ctx}).tools()
	mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{
		Stateless: true, DisableLocalhostProtection: true, // the guard of this server protects
	}).ServeHTTP(w, r)
	return nil
}

// schemas keeps what all servers have in common.
var schemas = mcp.NewSchemaCache()

// tools returns a server with the tools and resources.
func (a *assistant) tools() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{
		Name: "domprobe", Title: "domprobe: which domains are registered", Version: cmp.Or(a.opts.Version, "unknown"),
	}, &mcp.ServerOptions{Instructions: instructions, SchemaCache: schemas, Capabilities: &mcp.ServerCapabilities{}})
	addTool(server, "probe_names", "Are these domains registered?",
		"Tells of each of up to 1,000 whole domains whether it is registered, with the reason. Unknown is no answer, never a free name.",
		probeSchema(), a.probeNames)
	addTool(server, "find_names", "Find names that are likely free",
		"Makes names of keywords, meanings, patterns and generators under TLDs, asks about them in the order of their score (0 to 100: how good "+
			"they sound and spell), and returns the best that are not found. Give at least one of keywords, about and patterns, and TLDs or a preset.",
		findSchema(), a.findNames)
	addTool(server, "explain_name", "How the verdict on a domain is reached",
		"Asks about one domain anew, and returns the verdict with every query, response and rule that led to it.", nil, a.explainName)
	addTool(server, "registry_data", "What the registry publishes about a domain",
		"Asks the registry by RDAP or WHOIS: whether the domain is registered, registrar, dates, status, locks and name servers.", nil, a.registryData)
	addResources(server)
	return server
}

// addTool adds a tool that reads and changes nothing.
func addTool[In, Out any](s *mcp.Server, name, title, text string, input *jsonschema.Schema, call func(*call, In) (Out, error)) {
	never := false
	tool := &mcp.Tool{Name: name, Title: title, Description: text, Annotations: &mcp.ToolAnnotations{
		Title: title, ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &never,
	}}
	if input != nil {
		tool.InputSchema = input
	}
	mcp.AddTool(s, tool, func(ctx context.Context, req *mcp.CallToolRequest, in In) (*mcp.CallToolResult, Out, error) {
		c := newCall(ctx, req)
		defer c.end()
		out, err := call(c, in)
		return nil, out, err
	})
}

// A call is one call of a tool.
type call struct {
	ctx     context.Context // ends when there must be an answer
	end     context.CancelFunc
	request *mcp.CallToolRequest
	told    time.Time // of the last notification of progress, or of the call
}

func newCall(ctx context.Context, req *mcp.CallToolRequest) *call {
	c := &call{request: req, told: time.Now()}
	c.ctx, c.end = context.WithTimeoutCause(ctx, answerTime, errLate)
	return c
}

// late reports whether the call has taken its time, rather than that its client
// has left.
func (c *call) late() bool { return errors.Is(context.Cause(c.ctx), errLate) }

// progress tells the client that so many of so many names have their rows.
func (c *call) progress(done, of int) {
	token := c.request.Params.GetProgressToken()
	if token == nil || done < of && time.Since(c.told) < progressTime {
		return
	}
	c.told = time.Now()
	// A client that does not read its progress may still want the answer.
	_ = c.request.Session.NotifyProgress(c.ctx, &mcp.ProgressNotificationParams{
		ProgressToken: token, Progress: float64(done), Total: float64(of), Message: fmt.Sprintf("%d of %d names", done, of),
	})
}

// admit charges the client for names and takes a place for a search.
func (a *assistant) admit(c *call, names int) (done func(), err error) {
	stop := context.AfterFunc(a.until, c.end)
	if !a.clients.take(a.client, max(names, 1)) {
		stop()
		wait := a.clients.delay(a.client, max(names, 1))
		return nil, fmt.Errorf("too many names in a short time: call again in %d seconds, or with fewer names", int(wait.Seconds())+1)
	}
	select {
	case a.slots <- struct{}{}:
		a.meter.searches.Inc()
		return func() { <-a.slots; stop() }, nil
	case <-c.ctx.Done():
		stop()
		return nil, context.Cause(c.ctx)
	}
}

// rowsOf returns the rows that there are in time. late says that others are missing.
func rowsOf(c *call, ask asker, names *nameSet) (rows []probe.Result, late bool, err error) {
	for some, err := range ask(c.ctx, names.all) {
		if c.ctx.Err() != nil {
			break // rows of names that were given up
		}
		if err != nil {
			return rows, false, err
		}
		rows = append(rows, some...)
		c.progress(len(rows), names.n)
	}
	if c.ctx.Err() != nil && !c.late() {
		return nil, false, context.Cause(c.ctx)
	}
	return rows, c.late(), nil
}
