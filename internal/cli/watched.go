package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/internal/text"
	"domprobe/probe"
	"domprobe/report"
	"domprobe/watch"
)

// names returns the names of the arguments and files, as they are when they begin
// to be watched.
func (s *watching) names(inv *invocation) (states []watch.State, err error) {
	for i, word := range inv.Words {
		if word == "-" && !inv.isLiteral(i) {
			s.inputs = append(s.inputs, word)
			continue
		}
		words, err := inv.keywordsOf(i)
		if err != nil {
			return nil, err
		}
		for _, w := range words {
			if states, err = addName(states, "", w); err != nil {
				return nil, err
			}
		}
	}
	for _, path := range s.inputs {
		name, r, err := inv.open(path)
		if err != nil {
			return nil, err
		}
		if states, err = readNames(inv, states, name, r); err != nil {
			return nil, err
		}
	}
	return states, nil
}

// addName adds a domain that was read from a source, or is an argument.
func addName(states []watch.State, source, text string) ([]watch.State, error) {
	c := candidate.Parse(text)
	switch {
	case c.Err == nil:
		return append(states, watch.State{Name: c.Name}), nil
	case source == "":
		return nil, cmdline.Usage("try: domprobe watch go.dev", "%w", c.Err)
	}
	return nil, cmdline.Usage("", "%s: %w", source, c.Err)
}

// readNames adds the names of a file: those of a report with the verdicts that they
// have there, so that a first look which finds another one is an event.
func readNames(inv *invocation, states []watch.State, source string, r io.Reader) ([]watch.State, error) {
	in := bufio.NewReader(r)
	if format := reportFormat(in, source); format != "" {
		for r, err := range named(source, report.Read(in, format)) {
			if err != nil {
				return nil, err
			}
			s := watch.State{Name: r.Name}
			if r.Verdict == probe.Found || r.Verdict == probe.NotFound {
				s = s.After(&r)
			}
			if candidate.Parse(r.Name).Err == nil {
				states = append(states, s)
			}
		}
		return states, nil
	}
	for word, err := range cleaned(named(source, candidate.Lines(in)), inv.meant) {
		if err == nil {
			states, err = addName(states, source, word)
		}
		if err != nil {
			return nil, err
		}
	}
	return states, nil
}

// reportFormat returns the format of a report by the name of its file or how it
// begins, and nothing for a list of names.
func reportFormat(in *bufio.Reader, source string) string {
	if format, err := savedFormat(source); err == nil {
		return format
	}
	begin, _ := in.Peek(len("domain,")) // an error comes again when it is read
	for prefix, format := range map[string]string{"{": "jsonl", "[": "json", "domain,": "csv", "domain\t": "tsv"} {
		if bytes.HasPrefix(begin, []byte(prefix)) {
			return format
		}
	}
	return ""
}

// A listedColumn is a column of the list of watched names.
type listedColumn struct {
	name  string
	width int
	of    func(*watch.State) string
}

// listedColumns are the columns for these states. People get those that have a value, and
// times to the minute, so that a line fits a terminal.
func listedColumns(states []watch.State, forPeople bool) []listedColumn {
	longest := 0
	for i := range states {
		longest = max(longest, len(states[i].Name))
	}
	layout := time.RFC3339
	if forPeople {
		layout = "2006-01-02 15:04Z"
	}
	all := []listedColumn{
		{"domain", longest, func(st *watch.State) string { return st.Name }},
		{"verdict", len("not-found"), func(st *watch.State) string { return st.Verdict.String() }},
		{"looked", len(layout), func(st *watch.State) string { return text.Time(st.Looked, layout) }},
		{"next", len(layout), func(st *watch.State) string { return cmp.Or(text.Time(st.Next, layout), "now") }},
		{"expires", len(time.DateOnly), func(st *watch.State) string { return text.Time(st.Expires, time.DateOnly) }},
		{"drops", len(time.DateOnly), func(st *watch.State) string { return text.Time(st.Drops, time.DateOnly) }},
		{"for_sale", 0, func(st *watch.State) string { return st.ForSale }},
		{"status", 0, func(st *watch.State) string { return strings.Join(st.Status, "; ") }},
	}
	const always = 4
	if !forPeople {
		return all
	}
	return append(all[:always:always], slices.DeleteFunc(all[always:], func(c listedColumn) bool {
		return !slices.ContainsFunc(states, func(st watch.State) bool { return c.of(&st) != "" })
	})...)
}

// print prints what is watched.
func (s *watching) print(ctx context.Context, inv *invocation, file *watch.File) error {
	states, err := await(ctx, file.List)
	if err != nil {
		return err
	}
	columns := listedColumns(states, s.format == "columns")
	var names []string
	var widths []int
	for _, c := range columns {
		names, widths = append(names, c.name), append(widths, c.width)
	}
	rows := newListing(inv.std.Out, s.format, widths, names...)
	for i := range states {
		var values []any
		for _, c := range columns {
			values = append(values, c.of(&states[i]))
		}
		if err := rows.add(values...); err != nil {
			return err
		}
	}
	if err := rows.close(); err != nil {
		return err
	}
	return tellWaiting(inv, file)
}

// tellWaiting tells how many events are not delivered yet.
func tellWaiting(inv *invocation, file *watch.File) error {
	counts, err := file.Waiting()
	for _, sink := range slices.Sorted(maps.Keys(counts)) {
		inv.console.Note("%s to be delivered to %s", plural(counts[sink], "event"), sink)
	}
	return err
}

// forget ends the watch of names.
func (s *watching) forget(ctx context.Context, inv *invocation, file *watch.File) error {
	var list []string
	for _, text := range s.remove {
		for _, word := range inv.meant(text) {
			list = append(list, cmp.Or(candidate.Parse(word).Name, word))
		}
	}
	missing, err := await(ctx, func() ([]string, error) { return file.Remove(list...) })
	if err == nil && len(missing) > 0 {
		err = cmdline.Usage("domprobe watch --list prints the names", "not watched: %s", strings.Join(missing, ", "))
	}
	return err
}
