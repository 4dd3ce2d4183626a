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

// contentPolicy lets the page load scripts, styles and data of its own server
// only, whatever text a name holds.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// mcpPath is where assistants are served.
const mcpPath = "/mcp"

// setHeaders sets the headers of every response.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// isAPI reports whether a path is for programs, which need the token.
func isAPI(path string) bool {
	return strings.HasPrefix(path, "/v1/") || path == mcpPath || path == metricsPath
}

// guard returns why a request may not be served, or nil.
func (s *Server) guard(r *http.Request) *problem {
	if !s.known(r) {
		return problemf(http.StatusMisdirectedRequest, "this server is not called %.100q", r.Host)
	}
	api := isAPI(r.URL.Path)
	if (api || r.Method != http.MethodGet && r.Method != http.MethodHead) && foreign(r) && !(api && s.friendly(r)) {
		return problemf(http.StatusForbidden, "requests from other sites are not answered")
	}
	if api && !s.authorized(r, cookieName) {
		// A client must not try many tokens.
		if p := s.chargeFor(r, guessCost, "too many requests without a valid token"); p != nil {
			return p
		}
		return problemf(http.StatusUnauthorized, "a valid token is needed: Authorization: Bearer TOKEN")
	}
	return nil
}

// known reports whether the Host of a request names this server: localhost or a
// loopback address, the IP address that the connection was made to, or one of
// the names given. An attacker can let a name point to this machine (DNS
// rebinding), and is recognized by that name.
func (s *Server) known(r *http.Request) bool {
	u, err := url.Parse("//" + r.Host)
	if err != nil || u.Host != r.Host {
		return false // more than a name and a port
	}
	name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if a, err := netip.ParseAddr(name); err == nil {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if a.Unmap().IsLoopback() || local != nil && a.Unmap() == addressOf(local.String()).WithZone("") {
			return true
		}
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
	// A proxy in front may have taken TLS off, so both schemes can be ours.
	origin := r.Header.Get("Origin")
	return origin != "" && !strings.EqualFold(origin, "http://"+r.Host) && !strings.EqualFold(origin, "https://"+r.Host)
}

// friendly reports whether a browser sends the request for a page of one of the
// sites that may ask.
func (s *Server) friendly(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin != "" && (slices.Contains(s.opts.Origins, "*") || slices.Contains(s.opts.Origins, origin))
}

// allowOrigin lets a browser show the response to a page of another site (CORS), if
// that may ask. Cookies are not for other sites.
func (s *Server) allowOrigin(h http.Header, r *http.Request) bool {
	if len(s.opts.Origins) == 0 {
		return false
	}
	h.Add("Vary", "Origin")
	if !s.friendly(r) || !s.known(r) || !isAPI(r.URL.Path) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept")
	h.Set("Access-Control-Expose-Headers", strings.Join([]string{
		namesHeader, repeatedHeader, "ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "Mcp-Session-Id",
	}, ", "))
	h.Set("Access-Control-Max-Age", "600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return true
}

// overTLS reports whether a browser speaks TLS to this server or to a proxy in
// front of it. Browsers name the scheme of the page in the Origin of each POST.
func overTLS(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://")
}

// The cookies. The API accepts only the first one, which browsers do not send
// with a request that another site has caused: a link must not start a search.
// The second one lets a shared link open the page, which is harmless.
const (
	cookieName     = "domprobe"
	pageCookieName = "domprobe-page"
)

// authorized reports whether a request has the token, or one of the cookies that
// login sets.
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

// equal compares in constant time.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// sessionOf returns the value of the cookies, which does not reveal the token.
func sessionOf(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("domprobe page"))
	return hex.EncodeToString(mac.Sum(nil))
}

// login sets the cookies if the form has the token.
func (s *Server) login(w http.ResponseWriter, r *http.Request) *problem {
	if p := s.chargeFor(r, guessCost, "too many attempts"); p != nil {
		return p
	}
	if p := s.limitBody(w, r); p != nil {
		return p
	}
	if err := r.ParseForm(); err != nil {
		return bodyProblem(err)
	}
	if s.opts.Token != "" && !equal(r.PostForm.Get("token"), s.opts.Token) {
		askToken(w, true)
		return nil
	}
	for name, site := range map[string]http.SameSite{cookieName: http.SameSiteStrictMode, pageCookieName: http.SameSiteLaxMode} {
		http.SetCookie(w, &http.Cookie{
			Name: name, Value: s.session, Path: "/", MaxAge: 30 * 24 * 3600,
			HttpOnly: true, Secure: overTLS(r), SameSite: site,
		})
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
