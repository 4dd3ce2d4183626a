package cli

import (
	"context"
	"encoding/json"
	"iter"
	"sync"
	"time"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/probe/rdap"
	"domprobe/report"
)

// A looking is the settings of the command rdap.
type looking struct {
	confirming
	inputs []string
	format string
}

func rdapCommand() *command {
	l := &looking{format: "text"}
	l.dates = true
	return &command{Command: cmdline.Command{
		Name:     "rdap",
		Summary:  "show what registries publish about names: status, registrar, dates, locks, name servers",
		Synopsis: "rdap [flags] NAME...",
		Examples: `  domprobe rdap go.dev
  domprobe rdap -f json example.co.uk
  domprobe rdap -f csv go.dev rust.dev
`,
		Notes: "WHOIS is asked where there is no RDAP. With --rdap-bootstrap it is asked at the servers of --whois-servers alone.",
		Options: append([]*cmdline.Option{
			cmdline.OneOf(&l.format, "format", "f", "print in this `FORMAT`", "format", append([]string{"text"}, report.Formats()...)...).Local().Common(),
			cmdline.Repeated(&l.inputs, "input", "i", "read names from this `FILE`, a line each; - is standard input").Local().Common(),
		}, l.registryOptions()...),
		Exits: map[int]string{
			codeOK:      "the registries have told: each name is registered, reserved or not registered",
			codeUnknown: "a registry cannot be asked, does not tell, or the name is invalid",
		},
	}, run: l.run}
}

func (l *looking) run(ctx context.Context, inv *invocation) error {
	names, err := await(ctx, func() (iter.Seq2[string, error], error) { return l.names(ctx, inv) })
	if err != nil {
		return err
	}
	out, err := l.open(inv)
	if err != nil {
		return err
	}
	client, err := openRegistries(ctx, l.rdap(inv))
	if err != nil {
		return err
	}
	defer client.Close()
	open := false
	for r, err := range lookUp(ctx, client, names) {
		switch {
		case err != nil:
			return err
		case r.Error != "":
			open = open || r.Verdict == probe.Unknown || r.Verdict == probe.Invalid
			inv.console.Print(r.Name + ": " + r.Error)
		}
		if err := out.write(r); err != nil {
			return err
		}
	}
	switch err := out.close(); {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil || !open:
		return err
	}
	return exit(codeUnknown)
}

// names returns the names of the arguments, which are all checked, and of the files,
// until ctx is done.
func (l *looking) names(ctx context.Context, inv *invocation) (iter.Seq2[string, error], error) {
	const try = "try: domprobe rdap go.dev"
	var sources []iter.Seq2[string, error]
	paths := l.inputs
	for _, word := range inv.Words {
		if word == "-" {
			paths = append(paths, word)
			continue
		}
		words := inv.meant(word)
		for _, text := range words {
			if c := candidate.Parse(text); c.Err != nil {
				return nil, cmdline.Usage(try, "%w", c.Err)
			}
		}
		sources = append(sources, candidate.Stream(words...))
	}
	for _, path := range paths {
		name, r, err := inv.open(path)
		if err != nil {
			return nil, err
		}
		sources = append(sources, cleaned(named(name, candidate.Lines(abandonable(ctx, r))), inv.meant))
	}
	if len(sources) == 0 {
		return nil, cmdline.Usage(try, "rdap needs a name")
	}
	return candidate.Concat(sources...), nil
}

// maxLookUps is how many names wait for their registries at a time.
const maxLookUps = 64

// lookUp asks about names at the same time, and yields what registries say in the
// order of the names. It ends when ctx is done.
func lookUp(ctx context.Context, client *rdap.Client, names iter.Seq2[string, error]) iter.Seq2[registration, error] {
	return func(yield func(registration, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var asking sync.WaitGroup
		defer asking.Wait()
		defer cancel()
		var failed error
		waiting := make(chan chan registration, maxLookUps)
		asking.Go(func() {
			defer close(waiting)
			for name, err := range names {
				if failed = err; err != nil {
					return
				}
				one := make(chan registration, 1)
				select {
				case waiting <- one:
					asking.Go(func() {
						var a rdap.Answer
						c := candidate.Parse(name)
						if c.Err == nil {
							a = client.Ask(ctx, c.Name)
						}
						one <- newRegistration(a, c)
					})
				case <-ctx.Done():
					return
				}
			}
		})
		for one := range waiting {
			if r := <-one; ctx.Err() != nil || !yield(r, nil) {
				return
			}
		}
		if failed != nil && ctx.Err() == nil {
			yield(registration{}, failed)
		}
	}
}

// A registration is what a registry says about a name, with the verdict that
// follows.
type registration struct {
	Version int           `json:"v"` // as in a report
	Name    string        `json:"domain"`
	Verdict probe.Verdict `json:"verdict"`
	Error   string        `json:"error,omitempty"` // if unknown or invalid
	Reason  probe.Reason  `json:"reason"`
	*rdap.Domain

	row probe.Result
}

func newRegistration(a rdap.Answer, c candidate.Candidate) registration {
	word := a.Confirmation()
	row := probe.Result{Candidate: c, Reason: word.Reason, Source: a.Source, Server: a.Server, Rcode: -1, At: time.Now(),
		Registration: word.Registration, Err: a.Err}
	r := registration{Version: 1, Name: c.Name, Domain: a.Domain}
	switch {
	case c.Err != nil:
		row.Verdict, row.Reason, row.Err = probe.Invalid, c.Err.Reason, c.Err
	case a.Status == rdap.NotRegistered:
		row.Verdict = probe.NotFound
	case a.Status != rdap.Unconfirmed:
		row.Verdict = probe.Found
	}
	if r.Verdict, r.Reason, r.row = row.Verdict, row.Reason, row; row.Err != nil {
		r.Error = row.Err.Error()
	}
	return r
}

// text returns a registration for people. An unknown one has none: the error says it.
func (r *registration) text() string {
	switch r.Reason {
	case probe.RDAPRegistered:
		return r.Domain.Text()
	case probe.RDAPReserved:
		return r.Name + " is reserved by the registry\n"
	case probe.RDAPNotRegistered:
		return r.Name + " is not registered\n"
	}
	return ""
}

// A registrationWriter writes registrations in a format.
type registrationWriter struct {
	inv    *invocation
	format string
	rows   report.Writer  // of the formats of rows
	all    []registration // for json
	many   bool           // text was written already
}

func (l *looking) open(inv *invocation) (*registrationWriter, error) {
	w := &registrationWriter{inv: inv, format: l.format}
	if l.format == "text" || l.format == "json" || l.format == "jsonl" {
		return w, nil
	}
	var err error
	w.rows, err = report.New(l.format, inv.std.Out, report.Options{Color: inv.color, Dates: true})
	return w, err
}

func (w *registrationWriter) write(r registration) error {
	switch text := r.text(); {
	case w.rows != nil:
		return w.rows.Write([]probe.Result{r.row})
	case w.format == "json":
		w.all = append(w.all, r)
	case w.format == "jsonl":
		enc := json.NewEncoder(w.inv.std.Out)
		enc.SetEscapeHTML(false)
		return enc.Encode(r)
	case text != "":
		if w.many && r.Domain != nil {
			text = "\n" + text
		}
		w.many = true
		return w.inv.print(text)
	}
	return nil
}

// close ends the output. One name is one object.
func (w *registrationWriter) close() error {
	switch {
	case w.rows != nil:
		return w.rows.Close()
	case w.format == "json" && len(w.all) == 1:
		return writeJSON(w.inv.std.Out, w.all[0])
	case w.format == "json":
		return writeJSON(w.inv.std.Out, w.all)
	}
	return nil
}
