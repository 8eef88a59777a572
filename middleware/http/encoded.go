package sondehttp

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/sonde-go/sonde/profiler"
)

// usualMethods are the methods of the standard, which have a place in the tables of
// what is encoded once; schemes are the two that have one.
var (
	usualMethods = map[string]int{
		http.MethodGet: 0, http.MethodHead: 1, http.MethodPost: 2, http.MethodPut: 3, http.MethodPatch: 4,
		http.MethodDelete: 5, http.MethodConnect: 6, http.MethodOptions: 7, http.MethodTrace: 8,
	}
	schemes = [2]string{"http", "https"}
)

const nUsual = 9

// byMethod has what is encoded for each method, once it has been needed.
type byMethod [nUsual]atomic.Pointer[profiler.Encoded]

func (b *byMethod) of(method string, encode func() profiler.Encoded) profiler.Encoded {
	i, usual := usualMethods[method]
	if !usual {
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
var statuses [600]atomic.Pointer[profiler.Encoded]

// describeStatus is what a point says of a response's status, nothing for 0.
func describeStatus(status int) profiler.Encoded {
	switch {
	case status == 0:
		return profiler.Encoded{}
	case status < 0 || status >= len(statuses):
		return encodeStatus(status)
	}
	known := statuses[status].Load()
	if known == nil {
		e := encodeStatus(status)
		known = &e
		statuses[status].Store(known)
	}
	return *known
}

func encodeStatus(status int) profiler.Encoded {
	return profiler.Encode(slog.Int("status_code", status))
}
