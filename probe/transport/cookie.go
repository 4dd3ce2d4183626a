package transport

import (
	"bytes"
	crand "crypto/rand"
	"sync/atomic"

	"github.com/miekg/dns"
)

// A cookieJar holds the DNS cookies of one server (RFC 7873).
type cookieJar struct {
	client [clientCookieLen]byte
	full   atomic.Pointer[[]byte] // client and server cookie
}

func (j *cookieJar) init() {
	crand.Read(j.client[:])
	j.keep(j.client[:])
}

// forServer returns the cookie to send.
func (j *cookieJar) forServer() []byte { return *j.full.Load() }

func (j *cookieJar) keep(c []byte) { j.full.Store(&c) }

// A COOKIE option holds a client cookie of 8 octets, alone or with a server
// cookie of 8 to 32 (RFC 7873 section 4).
const (
	clientCookieLen = 8
	minCookieLen    = clientCookieLen + 8
	maxCookieLen    = clientCookieLen + 32
)

// check keeps the server's cookie that a response carries. One with somebody
// else's client cookie is a forgery (RFC 7873 section 5.3).
func (j *cookieJar) check(packet []byte) Rule {
	c := findCookie(packet)
	client := len(c) >= clientCookieLen && bytes.Equal(c[:clientCookieLen], j.client[:])
	switch {
	case c == nil, client && len(c) == clientCookieLen:
		return Passed
	case !client || len(c) < minCookieLen || len(c) > maxCookieLen:
		return WrongCookie
	}
	if !bytes.Equal(c, j.forServer()) {
		j.keep(bytes.Clone(c))
	}
	return Passed
}

// findCookie returns the content of the COOKIE option of a message that has
// passed the checks, and nil if there is none.
func findCookie(packet []byte) []byte {
	off, ok := skipName(packet, headerLen)
	if !ok {
		return nil
	}
	off += 4
	for range int(be16(packet, 6)) + int(be16(packet, 8)) + int(be16(packet, 10)) {
		var rec record
		if rec, off, ok = nextRecord(packet, off); !ok {
			return nil
		}
		if rec.typ != dns.TypeOPT {
			continue
		}
		for at := rec.data; at < rec.end; {
			code, data, next, ok := nextOption(packet, at, rec.end)
			if !ok {
				return nil
			}
			if code == cookieOption {
				return packet[data:next]
			}
			at = next
		}
	}
	return nil
}
