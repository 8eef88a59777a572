package export_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/oteltrace/export"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink keeps records as a store would.
type sink struct {
	records []record.Record
	err     error
}

func (s *sink) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		r, err := record.Parse(events[i].AppendJSON(nil))
		if err != nil {
			return err
		}
		s.records = append(s.records, r)
	}
	return s.err
}

func (s *sink) report(t *testing.T) *report.Report {
	t.Helper()
	r, err := report.Build(func(yield func(record.Record, error) bool) {
		for _, r := range s.records {
			if !yield(r, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func provider(s *sink, opts ...export.Option) *sdktrace.TracerProvider {
	return sdktrace.NewTracerProvider(sdktrace.WithSyncer(export.New(s, opts...)), sdktrace.WithResource(resource.NewSchemaless(
		attribute.String("service.name", "api"), attribute.String("service.namespace", "shop"), attribute.String("host.name", "höst"))))
}

func TestSpans(t *testing.T) {
	s := &sink{}
	p := provider(s)
	tracer := p.Tracer("test")
	ctx, root := tracer.Start(context.Background(), "GET /orders/{order-id}", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", "GET"), attribute.String("password", "secret"),
			attribute.String("url.full", "https://user:secret@shop.example/?token=secret")))
	_, query := tracer.Start(ctx, "SELECT stock", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("db.query.text", "SELECT n FROM stock WHERE name = 'secret'"), attribute.String("db.system.name", "postgresql")))
	query.RecordError(errors.New("no such table"))
	query.SetStatus(codes.Error, "failed")
	query.End()
	root.AddEvent("reserved", trace.WithAttributes(attribute.Int("count", 3)))
	root.End()
	if err := p.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}

	for _, r := range s.records {
		if bytes.Contains(r.Info, []byte("secret")) {
			t.Errorf("stored %s", r.Info)
		}
	}
	r := s.report(t)
	points := slices.Collect(r.Walk())
	if want := otelid.BaseID(root.SpanContext().TraceID()).String(); r.Trace != want || len(points) != 2 {
		t.Fatalf("trace %s with %d points, want %s with 2", r.Trace, len(points), want)
	}
	out, in := points[0], points[1]
	if out.Name != "GET /orders/{order_id}" || r.Kind(out) != layer.Server || out.Service != "api" || out.Project != "shop" || out.Host != "höst" {
		t.Errorf("%+v", out)
	}
	if in.Name != "db" || r.Parent(in) != out || r.Kind(in) != layer.Client || r.Text(in, "db.statement") != "SELECT n FROM stock WHERE name = ?" {
		t.Errorf("%+v: %s", in, r.Text(in, "db.statement"))
	}
	if etype, message, failed := r.Failure(in); !failed || etype != "*errors.errorString" || message != "no such table" {
		t.Errorf("failed with %s: %s", etype, message)
	}
	if got, want := otelid.SpanID(id(t, in.ID())), [8]byte(query.SpanContext().SpanID()); got != want {
		t.Errorf("the span of the point is %x, want %x", got, want)
	}
	if got := string(r.Member(out, "events")); !strings.Contains(got, `"reserved"`) {
		t.Errorf("events: %s", got)
	}
}

func id(t *testing.T, text string) header.ID {
	t.Helper()
	id, err := header.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestLinks: a link names the point that it leads to.
func TestLinks(t *testing.T) {
	s := &sink{}
	tracer := provider(s).Tracer("test")
	_, sent := tracer.Start(context.Background(), "send")
	sent.End()
	_, handled := tracer.Start(context.Background(), "process", trace.WithLinks(trace.LinkFromContext(trace.ContextWithSpan(context.Background(), sent))))
	handled.End()
	if first, last := s.records[0], s.records[2]; !bytes.Contains(last.Info, []byte(`"trace_id":"`+first.Point+`"`)) {
		t.Errorf("%s has no link to %s", last.Info, first.Point)
	}
}

func TestErrors(t *testing.T) {
	failing := &sink{err: errors.New("full")}
	e := export.New(failing)
	var got []sdktrace.ReadOnlySpan
	p := sdktrace.NewTracerProvider(sdktrace.WithSyncer(&keep{&got}))
	_, span := p.Tracer("test").Start(context.Background(), "")
	span.SetAttributes(attribute.Float64("nan", math.NaN()), attribute.String("bad", "\xff\u2028</script>"))
	span.End()
	if err := e.ExportSpans(context.Background(), got); !errors.Is(err, failing.err) {
		t.Error(err)
	}
	if len(failing.records) != 2 || failing.records[0].Name != "span-start" {
		t.Errorf("%+v", failing.records)
	}
	if err := e.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := e.ExportSpans(context.Background(), got); err != nil || len(failing.records) != 2 {
		t.Errorf("after Shutdown: %v, %d records", err, len(failing.records))
	}
}

// keep is an exporter that keeps spans.
type keep struct{ spans *[]sdktrace.ReadOnlySpan }

func (k *keep) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	*k.spans = append(*k.spans, spans...)
	return nil
}

func (*keep) Shutdown(context.Context) error { return nil }
