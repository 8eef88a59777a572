// Package otelid says which ids a trace and its points have in OpenTelemetry.
//
// A canonical UUID is its 16 bytes as a trace id, and its last 8 bytes as a
// span id, as in OSProfiler's OTLP driver. Of any other id it is the beginning
// of its SHA-256, so that the same id is always the same.
package otelid

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/sonde-go/sonde/header"
)

// TraceID is the trace id of the trace with the base id id. It is never zero.
func TraceID(id header.ID) [16]byte {
	if b, ok := id.UUID(); ok {
		return b
	}
	sum := sha256.Sum256(id.Append(nil))
	return [16]byte(sum[:16])
}

// SpanID is the span id of the point id. It is never zero.
func SpanID(id header.ID) [8]byte {
	if b, ok := id.UUID(); ok {
		if s := [8]byte(b[8:]); s != [8]byte{} {
			return s
		}
	}
	sum := sha256.Sum256(id.Append(nil))
	return [8]byte(sum[:8])
}

// BaseID is the UUID with these bytes: the base id of a trace whose id it was
// made of, unless that was none.
func BaseID(trace [16]byte) header.ID {
	b := hex.AppendEncode(nil, trace[:])
	text := fmt.Sprintf("%s-%s-%s-%s-%s", b[:8], b[8:12], b[12:16], b[16:20], b[20:])
	id, _ := header.ParseID(text)
	return id
}
