package oteltrace

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/sonde-go/sonde/oteltrace/internal/otelattr"
	"github.com/sonde-go/sonde/profiler"
)

// protocol is the name, as in [profiler.Arrival.Layer], of our own layer that
// instruments the same requests and calls as a span with these attributes; "" if
// there is none. The attribute names are those of the current and the former
// conventions. A span that otelhttp starts for a call has none yet.
func (t *tracer) protocol(attributes []attribute.KeyValue) string {
	if strings.HasSuffix(t.scope, "/otelhttp") {
		return "http"
	}
	for _, a := range attributes {
		switch a.Key {
		case "http.request.method", "http.method":
			return "http"
		case "rpc.system", "rpc.system.name":
			if a.Value.AsString() == "grpc" {
				return "grpc"
			}
		}
	}
	return ""
}

// arrivalOf describes the request of a span.
func (t *tracer) arrivalOf(name string, kind trace.SpanKind, attributes []attribute.KeyValue) profiler.Arrival {
	a := profiler.Arrival{Layer: t.protocol(attributes), Kind: kinds[kind]}
	switch a.Layer {
	case "http":
		a.Method = otelattr.Text(attributes, "http.request.method", "http.method")
		a.Path = otelattr.Text(attributes, "url.path", "http.target")
	case "grpc":
		a.Path = "/" + name
	default:
		a.Layer, a.Path = "otel", name
	}
	return a
}

// hasPoint reports whether the innermost point in ctx is that of the request or
// call that a new span is about, made by a layer of our own.
func (t *tracer) hasPoint(ctx context.Context, kind trace.SpanKind, attributes []attribute.KeyValue) bool {
	switch kind {
	case trace.SpanKindServer:
		return profiler.Received(ctx, t.protocol(attributes))
	case trace.SpanKindClient:
		return profiler.Calling(ctx, t.protocol(attributes))
	}
	return false
}
