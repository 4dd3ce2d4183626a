package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A table of the document has measurements that take turns, each as the flags of an order.
type table struct {
	name   string
	orders []string
}

// sheet is all that is measured.
func sheet() []table {
	return []table{
		{"million", []string{
			"-n 1000000 -c 2000", "-n 1000000 -c 100", "-n 1000000 -c auto",
			"-n 1000000 -rival floor", "-n 1000000 -rival massdns-list", "-n 1000000 -rival massdns",
		}},
		{"others", []string{
			"-n 200000 -c 2000", "-n 200000 -rival massdns", "-n 200000 -rival dnsx", "-n 200000 -rival zdns",
		}},
		{"windows", []string{
			"-n 200000 -c 2000", "-n 200000 -c 100", "-n 200000 -c 20000", "-n 200000 -c 65536", "-n 200000 -c auto",
		}},
		{"loss", []string{
			"-n 200000 -c 20000", "-n 200000 -c 20000 -- --drop 1",
			"-n 200000 -c 20000 -- --drop 10", "-n 200000 -c 20000 -- --drop 30",
		}},
		{"lost", []string{
			"-n 20000 -c auto -- --drop 10", "-n 20000 -c 100 -- --drop 10", "-n 20000 -c 2000 -- --drop 10",
		}},
		{"least", []string{
			"-n 35 -rate 1167 -- --delay-ms 30", "-n 10000 -c 1000 -rate 33333 -- --delay-ms 30",
			"-n 100000 -c 1000 -rate 33333 -- --delay-ms 30", "-n 20000 -rate 2000 -- --qps 2000",
			"-n 3000 -c auto -resolvers 20", "-n 150000 -c auto -resolvers 1000", "-n 150000 -c auto -resolvers 2000",
		}},
	}
}

const head = `| flags | seconds | names/s | us a name (user + sys) | peak MB | times | wrong, unknown |
|---|---|---|---|---|---|---|
`

// A series is the figures of one order, a run in each round. Their limit is over the
// first order of the table, where no least time is known.
type series struct {
	flags string
	order order
	runs  []figures
}

func (s series) markdown() string {
	seconds := s.sorted(func(f figures) float64 { return f.wall.Seconds() })
	user := s.sorted(func(f figures) float64 { return f.user.Seconds() })
	sys := s.sorted(func(f figures) float64 { return f.sys.Seconds() })
	peak := s.sorted(func(f figures) float64 { return f.peak })
	times := s.sorted(func(f figures) float64 { return f.limit })
	wrong := s.sorted(func(f figures) float64 { return float64(f.wrong) })
	unknown := s.sorted(func(f figures) float64 { return float64(f.unknown) })
	n := float64(s.order.names)
	spread := func(vs []float64) string {
		return fmt.Sprintf("%.2f (%.2f–%.2f)", middle(vs), vs[0], vs[len(vs)-1])
	}
	verdicts := fmt.Sprintf("%.0f, %.0f", slices.Max(wrong), slices.Max(unknown))
	if s.order.rival != "" {
		verdicts = ""
	}
	return fmt.Sprintf("| `%s` | %s | %.0f | %.1f (%.1f + %.1f) | %.0f | %s | %s |\n", s.flags, spread(seconds),
		n/middle(seconds), (middle(user)+middle(sys))/n*1e6, middle(user)/n*1e6, middle(sys)/n*1e6, middle(peak),
		spread(times), verdicts)
}

// sorted returns a figure of all runs, from the least to the most.
func (s series) sorted(of func(figures) float64) (vs []float64) {
	for _, f := range s.runs {
		vs = append(vs, of(f))
	}
	slices.Sort(vs)
	return vs
}

func middle(sorted []float64) float64 { return sorted[len(sorted)/2] }

// series returns the measurements of a table, without rivals that are not installed.
func (t table) series(ctx context.Context, dir string, names int) (all []series, err error) {
	for _, flags := range t.orders {
		each, err := parse(strings.Fields(flags))
		if err != nil {
			return nil, err
		}
		if each.rival != "" {
			if _, err := rivals()[each.rival].path(ctx, dir); err != nil {
				fmt.Fprintln(os.Stderr, "bench: left out:", err)
				continue
			}
		}
		each.names = max(35, each.names*names/usualNames)
		all = append(all, series{flags: flags, order: each})
	}
	return all, nil
}

// measured does so many rounds, and returns the table.
func measured(ctx context.Context, dir string, all []series, rounds int) (lines string, err error) {
	for range rounds {
		for i := range all {
			s := &all[i]
			f, err := s.order.measure(ctx, dir)
			if err != nil {
				return "", fmt.Errorf("%s: %w", s.flags, err)
			}
			s.runs = append(s.runs, f)
			if f.limit == 0 {
				s.runs[len(s.runs)-1].limit = f.wall.Seconds() / all[0].runs[len(s.runs)-1].wall.Seconds()
			}
		}
	}
	lines = head
	for _, s := range all {
		lines += s.markdown()
	}
	return lines, nil
}

// writeFigures measures the sheet, and writes it into its document.
func (o order) writeFigures(ctx context.Context, dir string) error {
	var document []byte
	if o.figures != "-" {
		if o.names != usualNames {
			return errors.New("the rows of a document are for the usual -n")
		}
		var err error
		if document, err = os.ReadFile(o.figures); err != nil {
			return err
		}
	}
	put := func(name, lines string) (err error) {
		fmt.Printf("%s\n%s\n", name, lines)
		if o.figures != "-" {
			document, err = replace(document, name, lines)
		}
		return err
	}
	before := load()
	for _, t := range sheet() {
		all, err := t.series(ctx, dir, o.names)
		if err != nil {
			return err
		}
		lines, err := measured(ctx, dir, all, o.runs)
		if err != nil {
			return err
		}
		if err := put(t.name, lines); err != nil {
			return err
		}
	}
	err := put("machine", fmt.Sprintf("* %s, %s, %s\n* runs of each: %d; load before: %s, after: %s\n",
		time.Now().Format(time.DateOnly), machine(), runtime.Version(), o.runs, before, load()))
	if err != nil || o.figures == "-" {
		return err
	}
	return os.WriteFile(o.figures, document, 0o666)
}

// replace puts lines between the markers of a document.
func replace(document []byte, name, lines string) ([]byte, error) {
	begin, end := "<!-- figures: "+name+" -->\n", "<!-- end -->\n"
	before, rest, ok := bytes.Cut(document, []byte(begin))
	_, after, ended := bytes.Cut(rest, []byte(end))
	if !ok || !ended {
		return nil, fmt.Errorf("the document has no place for the figures %q", name)
	}
	return slices.Concat(before, []byte(begin+lines+end), after), nil
}

// machine names the processors and the system.
func machine() string {
	about, _ := os.ReadFile("/proc/cpuinfo")
	_, model, _ := strings.Cut(string(about), "model name\t: ")
	model, _, _ = strings.Cut(model, "\n")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%d processors %s, %s %s", runtime.NumCPU(), model, runtime.GOOS, bytes.TrimSpace(kernel))
}

// load is how many processes wanted to run in the last minute.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
