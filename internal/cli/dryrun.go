package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"domprobe/internal/cmdline"
	"domprobe/probe"
)

// plan prints the names of a run and tells how long it would take. It asks
// nobody.
func (p *probing) plan(ctx context.Context, inv *invocation, names *selection) error {
	opts, err := p.planned()
	if err != nil {
		return err
	}
	zones, closeZones, err := p.ask.openZones(ctx, inv)
	if err != nil {
		return err
	}
	defer closeZones()
	opts.ZoneFiles = zones
	known := newZoned(opts)
	out := bufio.NewWriter(inv.std.Out)
	invalid, err := p.list(ctx, out, names, known, &opts)
	if err = cmp.Or(err, out.Flush()); err != nil {
		return err
	}
	text := p.expected(opts, known)
	if invalid > 0 {
		text += fmt.Sprintf("; %d more are invalid", invalid)
	}
	inv.console.Note("%s", text)
	return nil
}

// planned checks the settings as a run does.
func (p *probing) planned() (opts probe.Options, err error) {
	if p.out.resume {
		return opts, cmdline.Usage("", "--dry-run does not know what --resume would skip")
	}
	opts, err = p.ask.check()
	if err = cmp.Or(err, p.confirm.check(opts.Servers)); err != nil {
		return opts, err
	}
	if !slices.ContainsFunc(opts.Servers, hasHostName) && !slices.ContainsFunc(opts.Servers, isDemo) {
		if _, err := probe.New(opts); err != nil {
			return opts, cmdline.Usage("", "%w", err)
		}
	}
	return opts, nil
}

// list writes the names that would be asked about, and counts those that are invalid.
func (p *probing) list(ctx context.Context, out *bufio.Writer, names *selection, known *zoned, opts *probe.Options) (invalid int, err error) {
	details := opts.ForSale || opts.Parked // names that zone files have take queries, too
	end := byte('\n')
	if p.gen.null {
		end = 0
	}
	for c, err := range names.all() {
		switch {
		case ctx.Err() != nil:
			return invalid, ctx.Err()
		case err != nil:
			return invalid, err
		case c.Err != nil:
			invalid++
			continue
		}
		if b := p.choose.budget; b > 0 && (details || !known.files.have(c.Key())) &&
			opts.Queries(known.names-known.decided+1, max(len(known.asked), 1)) > b {
			break
		}
		known.add(&c)
		out.WriteString(c.Name) // the first error comes again from WriteByte
		if err := out.WriteByte(end); err != nil {
			return invalid, err
		}
	}
	return invalid, nil
}

// expected says how many queries the names take, and how long.
func (p *probing) expected(opts probe.Options, known *zoned) string {
	asked, tlds := known.names-known.decided, len(known.asked)
	opts.Offline = opts.Offline || asked == 0
	text := fmt.Sprintf("%s under %s: about %s (%s) if all goes well, at most %s", plural(known.names, "name"), plural(len(known.tlds), "TLD"),
		roughly(opts.Expected(asked, tlds)), pluralOf(opts.Queries(asked, tlds), "query", "queries"), roughly(opts.WorstCase(asked)))
	if flags := p.confirm.flags(); flags != "" {
		each := time.Duration(float64(time.Second) / p.confirm.rate)
		text += fmt.Sprintf(", and on top for %s %v a name at each registry, or longer", flags, each)
	}
	return text + known.text()
}

func plural[T int | int64](n T, noun string) string { return pluralOf(n, noun, noun+"s") }

func pluralOf[T int | int64](n T, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// roughly rounds a duration up for a person.
func roughly(d time.Duration) time.Duration {
	unit := 100 * time.Millisecond
	if d > 10*time.Second {
		unit = time.Second
	}
	if d > time.Hour {
		unit = time.Minute
	}
	return (d + unit - 1).Truncate(unit)
}
