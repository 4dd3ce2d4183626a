package report

import "domprobe/probe"

// names is the format of the same name: bare names, for other programs. A name
// that is invalid has its control characters escaped as in CSV, so that a name
// never spans lines.
type names struct{ stop byte }

func newNames(o Options) encoder { return names{o.rowEnd("names")} }

func (e names) begin(dst []byte) []byte { return dst }
func (e names) end(dst []byte) []byte   { return dst }
func (e names) row(dst []byte, r *probe.Result) []byte {
	for i := range len(r.Name) {
		if c := r.Name[i]; c < ' ' || c >= 0x7f || c == '\\' {
			return append(appendEscaped(dst, r.Name, isControl), e.stop)
		}
	}
	return append(append(dst, r.Name...), e.stop)
}

// none is the format for runs of which only the exit code is wanted.
type none struct{}

func (none) Write([]probe.Result) error { return nil }
func (none) Close() error               { return nil }
