package ui

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// guard lets nobody in by accident. A viewer on a loopback address can be reached by
// every page that the user's browser shows, so each request has to be for a name that
// no stranger can have (against DNS rebinding), and the API's from a page of the viewer
// or from no page at all. On other addresses a token is needed too.
type guard struct {
	Options
	sum  [sha256.Size]byte // of the token
	next http.Handler
}

func newGuard(o Options, next http.Handler) *guard {
	return &guard{Options: o, sum: sha256.Sum256([]byte(o.Token)), next: next}
}

// Token returns a new token, which nobody can guess.
func Token() string { return rand.Text() }

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'") // pages say more
	h.Set("Cache-Control", "no-store")
	switch {
	case !g.knows(r.Host):
		writeProblem(w, http.StatusForbidden, fmt.Sprintf("the viewer is not called %.100q: sonde ui --host NAME lets it be", r.Host))
	case !ownPage(r):
		writeProblem(w, http.StatusForbidden, "pages of other sites get nothing here")
	case g.Token != "" && r.URL.Query().Has("token"):
		g.admit(w, r)
	case !g.admitted(r):
		h.Set("WWW-Authenticate", `Bearer realm="sonde ui"`)
		writeProblem(w, http.StatusUnauthorized, "open the URL that sonde ui has printed, which has the token in it, or send it: Authorization: Bearer TOKEN")
	default:
		g.next.ServeHTTP(w, r)
	}
}

// knows says whether a request's Host is a name of the viewer. Nobody can let an
// address in figures lead to another one. The port may be that of a tunnel.
func (g *guard) knows(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	return net.ParseIP(name) != nil || strings.EqualFold(name, "localhost") ||
		slices.ContainsFunc(g.Hosts, func(own string) bool { return strings.EqualFold(name, own) })
}

// ownPage says whether a request comes from a page of the viewer, or from no page. A
// link from elsewhere may lead to a page of the viewer, but not into its API.
func ownPage(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		// A proxy may have taken TLS off, so the scheme says nothing.
		if u, err := url.Parse(origin); err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
			return false
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	page := r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/")
	return page && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// fits compares a token in constant time.
func (g *guard) fits(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], g.sum[:]) == 1
}

// admitted says whether a request has the token.
func (g *guard) admitted(r *http.Request) bool {
	if g.Token == "" {
		return true
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return g.fits(token)
	}
	cookie, err := r.Cookie(cookieName(r.Host))
	return err == nil && g.fits(cookie.Value)
}

// admit takes the token of a URL into a cookie and out of the URL, so that it stands
// in no history and on no screen.
func (g *guard) admit(w http.ResponseWriter, r *http.Request) {
	values := r.URL.Query()
	if !g.fits(values.Get("token")) {
		writeProblem(w, http.StatusUnauthorized, "this token is not that of the viewer that runs here: open the URL that sonde ui has printed")
		return
	}
	values.Del("token")
	to := url.URL{Path: "/" + strings.TrimLeft(r.URL.Path, "/"), RawQuery: values.Encode()} // never to another host
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r.Host), Value: g.Token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// cookieName has the port in it, since a host's ports share their cookies.
func cookieName(host string) string {
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		return "sonde"
	}
	return "sonde_" + port
}
