package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"domprobe/internal/cmdline"
	"domprobe/zone"
)

// A zoning is the settings of the command zone.
type zoning struct {
	output, origin string
	date           time.Time
}

var zoneParts = []string{"build", "info", "list"}

// zoneCommand makes indexes of zone files and shows what is in them.
func zoneCommand() *command {
	z := new(zoning)
	return &command{Command: cmdline.Command{
		Name:     "zone",
		Summary:  "make an index of a registry's zone file, for --zone",
		Synopsis: "zone build FILE... -o INDEX | zone info INDEX | zone list INDEX",
		Examples: `  domprobe zone build com.txt.gz -o com.zone
  domprobe zone info com.zone
  domprobe zone list com.zone | head
  domprobe zone build names.txt --origin com --date 2026-11-28 -o com.zone
  domprobe --zone com.zone -r none -t com go rust
`,
		Notes: "build reads master files (RFC 1035 section 5) and lists, a name in a line, also compressed by gzip; - is standard input. " +
			"A name is registered if it lies one label below the origin and has an NS record. The first line that is wrong ends it, and the index is as before. " +
			"info tells what is in an index, and list prints the names in order.",
		Options: []*cmdline.Option{
			cmdline.Text(&z.output, "output", "o", "build: write the index to this `FILE`").Local().Common(),
			cmdline.Text(&z.origin, "origin", "", "build: the `ZONE`, if neither a SOA record nor $ORIGIN names it: com").Local().Common(),
			cmdline.Parsed(&z.date, "date", "", "build: the `DATE` of the data, if it is not that in the serial of the SOA record, or of the file: 2026-11-28", "",
				parseDate).Local().Common(),
		},
		Words: zoneParts,
		Exits: map[int]string{
			codeOK:     "the index is written, or what is in it",
			codeFailed: "the run failed: a line is wrong, the index is damaged, a file, the disk",
		},
	}, run: z.run}
}

func parseDate(s string) (time.Time, error) {
	date, err := time.Parse(time.DateOnly, s)
	if err != nil {
		date, err = time.Parse(time.RFC3339, s)
	}
	now := time.Now().UTC()
	switch {
	case err != nil:
		err = cmdline.Usage("try 2026-11-28 or 2026-11-28T12:00:00Z", "--date %q is not a date", s)
	case date.After(now.AddDate(0, 0, 1)): // while it is tomorrow somewhere
		err = cmdline.Usage("today is "+now.Format(time.DateOnly), "--date %s is in the future", s)
	}
	return date.UTC(), err
}

func (z *zoning) run(ctx context.Context, inv *invocation) error {
	const try = "try: domprobe zone build com.txt.gz -o com.zone"
	if len(inv.Words) == 0 {
		return cmdline.Usage(try, "zone needs one of %s", strings.Join(zoneParts, ", "))
	}
	word, files := inv.Words[0], inv.Words[1:]
	switch {
	case !slices.Contains(zoneParts, word):
		return cmdline.Unknown("command of zone", word, zoneParts)
	case word == "build" && len(files) == 0:
		return cmdline.Usage(try, "zone build needs a zone file")
	case word == "build" && z.output == "":
		return cmdline.Usage("name it with --output", "zone build needs a file for the index")
	case word != "build" && (z.output != "" || z.origin != "" || !z.date.IsZero()):
		return cmdline.Usage("", "--output, --origin and --date are for zone build, not for zone %s", word)
	case word != "build" && len(files) != 1:
		return cmdline.Usage("try: domprobe zone "+word+" com.zone", "zone %s takes one index, not %d", word, len(files))
	case word == "build":
		return z.build(ctx, inv, files)
	}
	return interruptible(func(inv *invocation) error { return showIndex(inv, word, files[0]) })(ctx, inv)
}

// build makes an index.
func (z *zoning) build(ctx context.Context, inv *invocation, paths []string) error {
	b, err := zone.Create(z.output, zone.Options{Origin: z.origin, Date: z.date})
	if is[*zone.OriginError](err) {
		return cmdline.Usage("", "--origin: %w", err)
	}
	if err != nil {
		return err
	}
	in, err := await(ctx, func() (*zoneInput, error) { return openZoneInput(ctx, inv, paths) })
	if err != nil {
		b.Close()
		return err
	}
	if isOneOf(z.output, inv.inputs()) {
		b.Close()
		return cmdline.Usage("", "--output %s would overwrite the input", z.output)
	}
	start := time.Now()
	endProgress := inv.console.StartProgress("MB", in.size>>20, func() (int64, string) {
		return in.done.Load() >> 20, plural(b.Names(), "name")
	})
	info, err := in.build(ctx, b)
	endProgress()
	if is[*zone.LineError](err) { // and not a mistake of the command line
		return &exitError{code: codeFailed, err: err}
	}
	if err != nil {
		return err
	}
	size := int64(0)
	if file, err := os.Stat(z.output); err == nil {
		size = file.Size()
	}
	inv.console.Note("%s: %s under %s of %s, in %.2fs; %.1f bytes a name", z.output, plural(info.Names, "name"), info.Origin,
		info.Date.Format(time.DateOnly), time.Since(start).Seconds(), float64(size)/float64(info.Names))
	return nil
}

// A zoneInput is the files of a zone. It counts what has been read of them.
type zoneInput struct {
	files []zoneFile
	size  int64 // of all files; 0 if unknown
	done  atomic.Int64
}

type zoneFile struct {
	io.Reader
	name    string
	changed time.Time // zero if unknown
}

func openZoneInput(ctx context.Context, inv *invocation, paths []string) (*zoneInput, error) {
	in := new(zoneInput)
	for _, path := range paths {
		name, r, err := inv.open(path)
		if err != nil {
			return nil, err
		}
		opened := zoneFile{Reader: r, name: name}
		if f, ok := r.(*os.File); ok {
			if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
				in.size += info.Size()
				opened.changed = info.ModTime()
			}
		}
		if opened.changed.IsZero() {
			opened.Reader = abandonable(ctx, r)
		}
		in.files = append(in.files, opened)
	}
	if slices.ContainsFunc(in.files, func(f zoneFile) bool { return f.changed.IsZero() }) {
		in.size = 0
	}
	return in, nil
}

func (in *zoneInput) build(ctx context.Context, b *zone.Builder) (zone.Info, error) {
	defer b.Close()
	for _, f := range in.files {
		if err := b.Read(&meter{f, ctx, &in.done}, f.name, f.changed); err != nil {
			return zone.Info{}, err
		}
	}
	return b.Commit(ctx)
}

// A meter counts what is read of a file.
type meter struct {
	io.Reader
	ctx  context.Context // ends the reading
	done *atomic.Int64
}

func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.Reader.Read(p)
	m.done.Add(int64(n))
	return n, err
}

// showIndex prints what is in an index, or its names.
func showIndex(inv *invocation, word, path string) error {
	x, err := zone.Open(path)
	if err != nil {
		return err
	}
	defer x.Close()
	info := x.Info()
	if word == "info" {
		serial := "-"
		if info.Serial > 0 {
			serial = fmt.Sprint(info.Serial)
		}
		return inv.print(fmt.Sprintf("zone    %s\nnames   %d\nserial  %s\ndate    %s\n", info.Origin, info.Names, serial, info.Date.Format(time.RFC3339)))
	}
	out := bufio.NewWriterSize(inv.std.Out, 1<<16)
	for name, err := range x.Names() {
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		out.Write(name) // the first error comes again from WriteByte
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return out.Flush()
}
