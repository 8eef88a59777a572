// Package otelid converts the ids of traces and points to OpenTelemetry's.
//
// The trace id of a canonical UUID is its 16 bytes, and the span id its last 8
// bytes, as in OSProfiler's OTLP driver. For any other id, they are the beginning of
// its SHA-256, so that the same id always yields the same result.
package otelid

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/sonde-go/sonde/header"
)

// TraceID returns the trace id for a base id. It is never zero.
func TraceID(id header.ID) [16]byte {
	if b, ok := id.UUID(); ok {
		return b
	}
	sum := sha256.Sum256(id.Append(nil))
	return [16]byte(sum[:16])
}

// SpanID returns the span id for a point's id. It is never zero.
func SpanID(id header.ID) [8]byte {
	if b, ok := id.UUID(); ok {
		if s := [8]byte(b[8:]); s != [8]byte{} {
			return s
		}
	}
	sum := sha256.Sum256(id.Append(nil))
	return [8]byte(sum[:8])
}

// BaseID returns the UUID with the bytes of a trace id. It is the base id that the
// trace id was made from, if that was a UUID.
func BaseID(trace [16]byte) header.ID {
	b := hex.AppendEncode(nil, trace[:])
	text := fmt.Sprintf("%s-%s-%s-%s-%s", b[:8], b[8:12], b[12:16], b[16:20], b[20:])
	id, _ := header.ParseID(text)
	return id
}
