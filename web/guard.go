package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// contentPolicy lets the page load its own script and style, ask its own
// server, and nothing else, whatever may be in a name.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// setHeaders sets the headers that every response has.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// guard returns why a request may not be served, or nil.
func (s *Server) guard(r *http.Request) *problem {
	if !s.known(r.Host) {
		return problemf(http.StatusMisdirectedRequest, "this server is not called %.100q", r.Host)
	}
	api := strings.HasPrefix(r.URL.Path, "/v1/")
	if (api || r.Method != http.MethodGet && r.Method != http.MethodHead) && foreign(r) {
		return problemf(http.StatusForbidden, "requests from other sites are not answered")
	}
	if api && !s.authorized(r, cookieName) {
		// Whoever tries tokens must not try many.
		if !s.clients.take(clientOf(r), guessCost) {
			return problemf(http.StatusTooManyRequests, "too many requests without a valid token")
		}
		return problemf(http.StatusUnauthorized, "a valid token is needed: Authorization: Bearer TOKEN")
	}
	return nil
}

// known reports whether the server may be called by a Host. An attacker who
// lets a name of his point to this machine (DNS rebinding) is known by that
// name; addresses cannot be made to point elsewhere.
func (s *Server) known(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost") ||
		slices.ContainsFunc(s.opts.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
}

// foreign reports whether a browser sends the request for a page of another
// site. Programs send neither of the headers.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host)
}

// The cookies. The API believes only the first, which browsers keep back when
// another site makes them ask: a link to it must not spend questions. With the
// second a shared link opens the page, which does nothing by itself.
const (
	cookieName     = "domprobe"
	pageCookieName = "domprobe-page"
)

// authorized reports whether the request has the token, or one of the cookies
// that were given for it.
func (s *Server) authorized(r *http.Request, cookies ...string) bool {
	if s.opts.Token == "" {
		return true
	}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return equal(strings.TrimSpace(token), s.opts.Token)
	}
	return slices.ContainsFunc(cookies, func(name string) bool {
		c, err := r.Cookie(name)
		return err == nil && equal(c.Value, s.session)
	})
}

// equal compares in a time that tells nothing about either.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// sessionOf returns what the cookie holds: who has read it does not know the
// token.
func sessionOf(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("domprobe page"))
	return hex.EncodeToString(mac.Sum(nil))
}

// login gives the cookies for the token.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if !s.clients.take(clientOf(r), guessCost) {
		refuse(w, problem{http.StatusTooManyRequests, "too many attempts"})
		return
	}
	if p := s.limitBody(w, r); p != nil {
		refuse(w, *p)
		return
	}
	if err := r.ParseForm(); err != nil {
		refuse(w, *bodyProblem(err))
		return
	}
	if s.opts.Token != "" && !equal(r.PostForm.Get("token"), s.opts.Token) {
		askToken(w, true)
		return
	}
	for name, site := range map[string]http.SameSite{cookieName: http.SameSiteStrictMode, pageCookieName: http.SameSiteLaxMode} {
		http.SetCookie(w, &http.Cookie{
			Name: name, Value: s.session, Path: "/", MaxAge: 30 * 24 * 3600,
			HttpOnly: true, Secure: r.TLS != nil, SameSite: site,
		})
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
