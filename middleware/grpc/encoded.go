package sondegrpc

import (
	"log/slog"

	"google.golang.org/grpc/codes"

	"github.com/sonde-go/sonde/internal/recent"
	"github.com/sonde-go/sonde/profiler"
)

// methods keeps what the points of calls say of their methods, which are few.
type methods struct {
	cache recent.Cache[profiler.Encoded]
}

func (m *methods) of(method string) profiler.Encoded {
	hash := recent.Hash(method)
	if known := m.cache.Get(hash, method); known != nil {
		return *known
	}
	return *m.cache.Put(hash, method, encodeMethod(method))
}

func encodeMethod(method string) profiler.Encoded {
	return profiler.Encode(slog.String("method", method), slog.String("service", serviceOf(method)))
}

// usualCodes has what the point of a call says of each code that gRPC knows.
var usualCodes = func() (all [codes.Unauthenticated + 1]profiler.Encoded) {
	for code := range all {
		all[code] = encodeCode(codes.Code(code))
	}
	return all
}()

func encodeCode(code codes.Code) profiler.Encoded {
	return profiler.Encode(slog.String("code", code.String()))
}

func encodedCode(code codes.Code) profiler.Encoded {
	if int(code) < len(usualCodes) {
		return usualCodes[code]
	}
	return encodeCode(code)
}
