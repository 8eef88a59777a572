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

// destination is where a call goes to.
type destination struct {
	allowed bool
	calls   *byMethod // nil: of this scheme nothing is kept
}

// of is the destination of calls to u.
func (h *hosts) of(u *url.URL) destination {
	scheme := slices.Index(schemes[:], u.Scheme)
	if scheme < 0 {
		return destination{allowed: h.allow.allows(u)}
	}
	hash := recent.Hash(u.Host)
	known := h.cache.Get(hash, u.Host)
	if known == nil {
		host := &host{}
		for i := range host {
			host[i].allowed = h.allow.allows(&url.URL{Scheme: schemes[i], Host: u.Host})
		}
		known = h.cache.Put(hash, u.Host, host)
	}
	by := &(*known)[scheme]
	return destination{by.allowed, &by.calls}
}

// describe is what a client's point says of a call but for its path and query.
func (d destination) describe(r *http.Request) profiler.Encoded {
	return d.calls.of(r.Method, func() profiler.Encoded { return encodeCall(r) })
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
