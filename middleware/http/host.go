package sondehttp

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/recent"
	"github.com/sonde-go/sonde/profiler"
)

// hosts keeps what calls of the same host have in common.
type hosts struct {
	allow Allow
	cache recent.Cache[*host]
}

// host is what is known of a host by each of the two schemes.
type host [len(schemes)]struct {
	allowed bool // to be sent signed headers
	calls   byMethod
}

// of is the host of u and the index of its scheme, which is -1 for a scheme of which
// nothing is kept.
func (h *hosts) of(u *url.URL) (known *host, scheme int) {
	if scheme = slices.Index(schemes[:], u.Scheme); scheme < 0 {
		return nil, scheme
	}
	hash := recent.Hash(u.Host)
	if kept := h.cache.Get(hash, u.Host); kept != nil {
		return *kept, scheme
	}
	known = &host{}
	for i := range known {
		known[i].allowed = h.allow.allows(&url.URL{Scheme: schemes[i], Host: u.Host})
	}
	return *h.cache.Put(hash, u.Host, known), scheme
}

func (h *hosts) allows(u *url.URL) bool {
	if h.allow.all {
		return true
	}
	if known, scheme := h.of(u); scheme >= 0 {
		return known[scheme].allowed
	}
	return h.allow.allows(u)
}

// describe is what a client's point says of a call but for its path and query.
func (h *hosts) describe(r *http.Request) profiler.Encoded {
	known, scheme := h.of(r.URL)
	if scheme < 0 {
		return encodeCall(r)
	}
	return known[scheme].calls.of(r.Method, func() profiler.Encoded { return encodeCall(r) })
}

// encodeCall describes a call as OSProfiler's adapter for Python's requests does.
func encodeCall(r *http.Request) profiler.Encoded {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	port := slog.StringValue("")
	if n, err := strconv.Atoi(portOf(r.URL)); err == nil {
		port = slog.IntValue(n)
	}
	return profiler.Encode(
		slog.String("method", method),
		slog.String("hostname", strings.ToLower(r.URL.Hostname())),
		slog.Attr{Key: "port", Value: port},
		slog.String("scheme", r.URL.Scheme),
	)
}
