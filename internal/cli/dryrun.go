package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"domprobe/probe"
	"domprobe/probe/resolver"
)

func dryRunFlags() []cli.Flag {
	return []cli.Flag{
		toggle("dry-run", "", "ask nobody: print the names, and to standard error how many questions they take and how long at worst"),
	}
}

// dryRun prints the names that a run would ask about, and what it would take.
func (s *selection) dryRun(ctx context.Context, inv *invocation) error {
	if inv.flags.Bool("resume") {
		return usageError("", "--dry-run does not know what --resume would skip")
	}
	opts, err := namedOptions(inv.flags)
	if err != nil {
		return err
	}
	registries, confirm, err := confirmOptions(inv)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(opts.Servers, hasHostName) {
		if _, err := probe.New(opts); err != nil {
			return usageError("", "%w", err)
		}
	}
	end := byte('\n')
	if inv.flags.Bool("null") {
		end = 0
	}
	asked, invalid := 0, 0
	tlds := make(map[string]bool)
	out := bufio.NewWriter(inv.std.Out)
	for c, err := range s.all() {
		switch {
		case err == nil:
			err = ctx.Err()
		case ctx.Err() == nil:
			return err
		}
		if err != nil {
			return interrupted(ctx, err)
		}
		if c.Err != nil {
			invalid++
			continue
		}
		asked++
		tlds[c.TLD] = true
		if _, err := out.WriteString(c.Name); err != nil {
			return err
		}
		if err := out.WriteByte(end); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	text := fmt.Sprintf("%s under %s: %s if all goes well, at most %s", plural(asked, "name"), plural(len(tlds), "TLD"),
		plural(opts.Questions(asked, len(tlds)), "question"), roughly(opts.WorstCase(asked)))
	if confirm {
		each := time.Duration(float64(time.Second) / cmp.Or(registries.Rate, 1))
		text += fmt.Sprintf(", and on top for --confirm %v a name at each registry, or longer", each)
	}
	if invalid > 0 {
		text += fmt.Sprintf("; %d more are invalid", invalid)
	}
	inv.console.note("%s", text)
	return nil
}

// hasHostName reports whether it takes the network to find out how many servers
// s stands for, which decides whether a quorum can be had.
func hasHostName(s resolver.Server) bool {
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil { // direct and demo have none
		return false
	}
	_, err = netip.ParseAddr(host)
	return err != nil
}

func plural[T int | int64](n T, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// roughly rounds a duration up to what a person wants to know of it.
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
