package main

import (
	"context"
	"net/http"

	"github.com/sonde-go/sonde/header"
	"go.opentelemetry.io/contrib/propagators/b3"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

func headerRows() []row {
	info, mac := signed()
	in := header.Info{BaseID: header.NewID(), ParentID: header.NewID()}
	w3c, zipkin := propagation.TraceContext{}, b3.New()
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	ctx := trace.ContextWithSpanContext(context.Background(), span)
	h, hb3 := http.Header{}, http.Header{}
	w3c.Inject(ctx, propagation.HeaderCarrier(h))
	zipkin.Inject(ctx, propagation.HeaderCarrier(hb3))
	return []row{
		{
			name: "headers: verify", budget: 500,
			sonde: each(func() { _, _, err := keys.Verify(header.Signed{Info: info, HMAC: mac}); check(err) }),
			peers: peers{otel: each(func() { w3c.Extract(context.Background(), propagation.HeaderCarrier(h)) })},
			other: each(func() { zipkin.Extract(context.Background(), propagation.HeaderCarrier(hb3)) }), who: "B3",
		},
		{
			name: "headers: sign", budget: 600, allocs: 2,
			sonde: each(func() { keys.Primary().Sign(in) }),
			peers: peers{otel: each(func() { w3c.Inject(ctx, propagation.HeaderCarrier(http.Header{})) })},
			other: each(func() { zipkin.Inject(ctx, propagation.HeaderCarrier(http.Header{})) }), who: "B3",
		},
	}
}
