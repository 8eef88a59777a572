package sondehttp

import (
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/sonde-go/sonde/profiler"
)

// usualMethods are the methods of the standard, which have a place in the tables of
// what is encoded once; schemes are the two that have one.
var (
	usualMethods = [...]string{
		http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace,
	}
	schemes = [2]string{"http", "https"}
)

// byMethod has what is encoded for each method, once it has been needed.
type byMethod [len(usualMethods)]atomic.Pointer[profiler.Encoded]

// of is what encode returns, or has returned for method. A nil byMethod keeps nothing.
func (b *byMethod) of(method string, encode func() profiler.Encoded) profiler.Encoded {
	i := slices.Index(usualMethods[:], method)
	if b == nil || i < 0 {
		return encode()
	}
	known := b[i].Load()
	if known == nil {
		e := encode()
		known = &e
		b[i].Store(known)
	}
	return *known
}

// described has what servers' points say of each method, by scheme.
var described [len(schemes)]byMethod

// describeRequest is what a server's point says of a request's method and scheme.
func describeRequest(method string, tls bool) profiler.Encoded {
	i := 0
	if tls {
		i = 1
	}
	return described[i].of(method, func() profiler.Encoded {
		return profiler.Encode(slog.String("method", method), slog.String("scheme", schemes[i]))
	})
}

// statuses has what points say of each status, once it has been needed.
var statuses [600]atomic.Pointer[profiler.Numbered]

// describeAnswer is what a point says of a response: its status, but for 0, and how
// many bytes its body has.
func describeAnswer(status int, bytes int64) profiler.Encoded {
	if status < 0 || status >= len(statuses) {
		n := encodeStatus(status)
		return n.With(bytes)
	}
	known := statuses[status].Load()
	if known == nil {
		n := encodeStatus(status)
		known = &n
		statuses[status].Store(known)
	}
	return known.With(bytes)
}

func encodeStatus(status int) profiler.Numbered {
	if status == 0 {
		return profiler.EncodeNumbered("bytes")
	}
	return profiler.EncodeNumbered("bytes", slog.Int("status_code", status))
}
