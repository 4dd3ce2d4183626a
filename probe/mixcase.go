package probe

import (
	"errors"

	"github.com/miekg/dns"

	"domprobe/probe/resolver"
	"domprobe/probe/transport"
)

// Names are asked in random case of servers that repeat a question exactly, so
// that who forges a response has to guess the case as well (the 0x20 bit of
// draft-vixie-dnsext-dns0x20). Most servers do; some write the name in lower
// case, and their responses would be lost. Hence the first controls of a server
// over UDP come with one more question, in mixed case, that nothing waits for.
// Until it is answered exactly, and over a stream, case is not mixed.

// tryCase asks a server that was not asked yet whether it repeats case.
func (r *run) tryCase(c *controls) {
	s := c.server
	if s.caseTry || s.spec.Transport != resolver.UDP || r.opts.Exchanger != nil {
		return
	}
	s.caseTry = true
	qtype := uint16(dns.TypeDS)
	if s.registry {
		qtype = dns.TypeNS
	}
	_, flags := c.question()
	q := transport.Question{Name: nowhere(c.scope.name), Type: qtype, Flags: flags | transport.MixCase}
	r.inquireOnce(s, q, func(d delivery) {
		s.mixCase = d.Failure == transport.None
	})
}

// losesCase reports whether a question came to nothing because the server did
// not repeat its case, which is then not mixed any more.
func (s *server) losesCase(flags transport.Flags, out *transport.Outcome) bool {
	if flags&transport.MixCase == 0 || out.Failure != transport.BadResponse || !errors.Is(out.Err, transport.ErrWrongCase) {
		return false
	}
	s.mixCase = false
	return true
}
