package oteltrace

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"
	"slices"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/oteltrace/internal/otelattr"
	"github.com/sonde-go/sonde/profiler"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// kinds translates OpenTelemetry's kinds to ours.
var kinds = map[trace.SpanKind]layer.Kind{
	trace.SpanKindInternal: layer.Internal,
	trace.SpanKindServer:   layer.Server,
	trace.SpanKindClient:   layer.Client,
	trace.SpanKindProducer: layer.Producer,
	trace.SpanKindConsumer: layer.Consumer,
}

// opening describes the first record of s. That of a database call is withheld
// until the driver answers.
func (s *span) opening() (profiler.Opening, []slog.Attr) {
	o := profiler.Opening{Name: s.name, Kind: kinds[s.kind], Time: s.started}
	if s.kind == trace.SpanKindClient {
		o.Call = s.tracer.protocol(s.attributes)
	}
	text, isQuery := otelattr.Statement(s.attributes)
	if isQuery {
		o.Name, o.Layer, o.Held = otelattr.QueryName(s.attributes), layer.SQL, true
	}
	if known, ok := otelsqlPoints[s.name]; ok && s.tracer.scope == otelsqlScope {
		o.Name, o.Layer, o.Kind, o.Held = known.name, layer.SQL, layer.Client, true
		if known.statement != "" {
			text, isQuery = known.statement, true
		}
	}
	var attrs []slog.Attr
	if isQuery {
		attrs = append(attrs, slog.String("statement", text))
	}
	about := []slog.Attr{slog.String("scope", s.tracer.scope)}
	if o.Name != s.name {
		about = append(about, slog.String("name", s.name))
	}
	o.Top = otelGroup(about, s.attributes, profiler.MaskOf(s.Context))
	if len(s.links) > 0 {
		o.Top = append(o.Top, slog.Any("links", links(s.links, profiler.MaskOf(s.Context))))
	}
	return o, attrs
}

// stop writes the last record of s. It is called once, when s no longer changes,
// and without its lock, since an error's own methods run here.
func (s *span) stop(panicked any) {
	end := profiler.Ending{Time: s.end, Panic: panicked}
	if panicked == nil && s.noPoint() {
		s.point.Discard()
		return
	}
	if panicked == nil && s.status == codes.Error {
		s.failed(&end)
	}
	late, mask := s.attributes[s.told:], profiler.MaskOf(s.inner)
	var attrs, about []slog.Attr
	if _, ok := otelattr.Statement(late); ok {
		// What system it is for may have been said before.
		text, _ := otelattr.Statement(slices.Concat(late, s.attributes[:s.told]))
		attrs = append(attrs, slog.Group("db", slog.String("statement", text)))
	}
	if s.name != s.toldName {
		about = append(about, slog.String("name", s.name))
	}
	if s.why != "" && s.err != nil {
		about = append(about, slog.String("status", mask.URLs(s.why)))
	}
	attrs = append(attrs, otelGroup(about, late, mask)...)
	if l := s.links[s.linksTold:]; len(l) > 0 {
		attrs = append(attrs, slog.Any("links", links(l, mask)))
	}
	if e := s.tellEvents(); len(e) > 0 {
		attrs = append(attrs, slog.Any("events", e))
	}
	if s.eventsLost > 0 {
		attrs = append(attrs, slog.Int("events_left_out", s.eventsLost))
	}
	s.point.End(end, attrs...)
}

// noPoint reports whether database/sql will try the same in another way, so that
// this attempt leaves no record.
func (s *span) noPoint() bool {
	err := s.err
	if s.status != codes.Error {
		err = nil
	}
	retried := false
	if s.call != nil && s.call.Span == s {
		err, retried = s.call.Err, s.call.Retried
	}
	return err != nil && (errors.Is(err, driver.ErrSkip) || retried && errors.Is(err, driver.ErrBadConn))
}

// failed sets how a span with the status Error ends. Errors that database/sql's
// users treat as an answer are not failures.
func (s *span) failed(end *profiler.Ending) {
	switch {
	case s.err == nil:
		end.Err, end.Etype = statusError(s.why), otelattr.Text(s.attributes, "error.type")
	case errors.Is(s.err, sql.ErrNoRows), errors.Is(s.err, io.EOF):
	default:
		end.Err = s.err
	}
}

// statusError is the description of a failure without a recorded error.
type statusError string

func (e statusError) Error() string { return string(e) }
