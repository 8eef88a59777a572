package oteltrace_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// TestMaskedEverywhere: secrets in URLs and under names are stored from nowhere in a span.
func TestMaskedEverywhere(t *testing.T) {
	const url = "https://bob:hidden@shop.example/?token=hidden&page=2"
	texts := []attribute.KeyValue{
		attribute.String("url", url), attribute.StringSlice("urls", []string{"a", url}), attribute.String("password", "hidden"),
	}
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
	tracer := oteltrace.NewTracerProvider().Tracer("test")

	link := trace.Link{SpanContext: oteltrace.SpanContext(ctx), Attributes: texts}
	_, ended := tracer.Start(ctx, "ended", trace.WithAttributes(texts...), trace.WithLinks(link))
	ended.AddEvent("event", trace.WithAttributes(texts...))
	ended.RecordError(errors.New("GET " + url))
	ended.AddLink(link)
	ended.End()
	_, failed := tracer.Start(ctx, "failed")
	failed.SetAttributes(texts...)
	failed.RecordError(errors.New("GET " + url))
	failed.SetStatus(codes.Error, "GET "+url)
	failed.End()
	root.Stop()

	for name, urls := range map[string]int{"ended": 9, "failed": 4} {
		p := rec.One(t, name)
		all := fmt.Sprint(p.Start, p.Stop)
		if strings.Contains(all, "hidden") || strings.Count(all, "https://***@shop.example/?token=***&page=2") != urls {
			t.Errorf("%s", all)
		}
	}
}
