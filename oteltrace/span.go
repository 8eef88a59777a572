package oteltrace

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sonde-go/sonde/internal/dbcall"
	"github.com/sonde-go/sonde/oteltrace/internal/otelattr"
	"github.com/sonde-go/sonde/profiler"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// Limits on what is kept of one span.
const (
	maxAttributes = 128
	maxEvents     = 32
	maxLinks      = 32
)

// span is a trace point. Until the point is open, the span is also the context of
// what runs inside it: looking up a value in that context opens the point.
type span struct {
	embedded.Span
	context.Context // where the span was started

	tracer  *tracer
	kind    trace.SpanKind
	started time.Time
	call    *dbcall.Call
	in      profiler.Incoming // the request that the span is the first point of, if it is one's
	foreign trace.SpanContext // of another provider's span around this one

	mu         sync.Mutex
	name       string
	inner      context.Context // of the open point
	point      profiler.Point
	toldName   string // this and what is before the two numbers is in the first record
	attributes []attribute.KeyValue
	told       int
	links      []trace.Link
	linksTold  int
	events     []event
	eventsLost int
	status     codes.Code
	why        string // of status Error
	err        error  // the last one recorded
	rows       int    // result sets that are being read
	ended      bool   // End was called
	end        time.Time
}

// waits reports whether the point is opened later, once its statement is known.
func (s *span) waits() bool {
	if s.kind != trace.SpanKindClient {
		return false
	}
	_, known := otelattr.Statement(s.attributes)
	return !known && (len(s.attributes) == 0 || isDatabase(s.attributes))
}

// Value implements [context.Context].
func (s *span) Value(key any) any { return s.open().Value(key) }

// open opens the point if it is not open, and returns its context.
func (s *span) open() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openLocked()
}

func (s *span) openLocked() context.Context {
	if s.inner != nil {
		return s.inner
	}
	o, attrs := s.opening()
	s.toldName, s.told, s.linksTold = s.name, len(s.attributes), len(s.links)
	if s.in.Traced() {
		s.inner, s.point = s.in.Open(s.Context, o, attrs...)
	} else {
		s.inner, s.point = profiler.Open(s.Context, o, attrs...)
	}
	return s.inner
}

// SetAttributes implements [trace.Span].
func (s *span) SetAttributes(kv ...attribute.KeyValue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended && s.rows == 0 {
		return
	}
	for _, a := range kv {
		if !a.Valid() || s.inner != nil && slices.Contains(s.attributes[:s.told], a) {
			continue
		}
		if len(s.attributes) < maxAttributes {
			s.attributes = append(s.attributes, a)
		}
	}
	if s.inner == nil {
		if _, known := otelattr.Statement(kv); known || s.tracer.scope == otelsqlScope {
			s.openLocked()
		}
	}
}

// SetName implements [trace.Span]. The point keeps its name once it is open.
func (s *span) SetName(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.name = name
	}
}

// SetStatus implements [trace.Span].
func (s *span) SetStatus(code codes.Code, description string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended && s.rows == 0 || s.status > code {
		return
	}
	s.status, s.why = code, ""
	if code == codes.Error {
		s.why = description
	}
}

// RecordError implements [trace.Span].
func (s *span) RecordError(err error, opts ...trace.EventOption) {
	if err == nil {
		return
	}
	cfg := trace.NewEventConfig(opts...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended && s.rows == 0 {
		return
	}
	s.err = err
	s.addEvent(event{name: "exception", err: err, time: cfg.Timestamp(), attributes: cfg.Attributes()})
}

// AddEvent implements [trace.Span].
func (s *span) AddEvent(name string, opts ...trace.EventOption) {
	cfg := trace.NewEventConfig(opts...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended && s.rows == 0 {
		return
	}
	s.addEvent(event{name: name, time: cfg.Timestamp(), attributes: cfg.Attributes()})
}

func (s *span) addEvent(e event) {
	if len(s.events) == maxEvents {
		s.eventsLost++
		return
	}
	e.mask = profiler.MaskOf(s.Context)
	s.events = append(s.events, e)
}

// valid are the links that lead to a span. Most have none, and nothing to copy.
func valid(links []trace.Link) []trace.Link {
	broken := func(l trace.Link) bool { return !l.SpanContext.IsValid() }
	if slices.ContainsFunc(links, broken) {
		return slices.DeleteFunc(slices.Clone(links), broken)
	}
	return links
}

// AddLink implements [trace.Span].
func (s *span) AddLink(l trace.Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended && l.SpanContext.IsValid() && len(s.links) < maxLinks {
		s.links = append(s.links, l)
	}
}

// IsRecording implements [trace.Span].
func (s *span) IsRecording() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ended
}

// SpanContext implements [trace.Span].
func (s *span) SpanContext() trace.SpanContext {
	if s.foreign.IsValid() {
		return s.foreign
	}
	return identity(s.open())
}

// TracerProvider implements [trace.Span].
func (s *span) TracerProvider() trace.TracerProvider { return s.tracer.provider }

// End implements [trace.Span]. A query stays open while its rows are being read.
func (s *span) End(opts ...trace.SpanEndOption) {
	if v := recover(); v != nil {
		s.finish(opts, v)
		panic(v)
	}
	s.finish(opts, nil)
}

func (s *span) finish(opts []trace.SpanEndOption, panicked any) {
	cfg := trace.NewSpanEndConfig(opts...)
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.openLocked()
	s.ended, s.end = true, cfg.Timestamp()
	reading := s.rows > 0 && panicked == nil
	s.mu.Unlock()
	if !reading {
		s.stop(panicked)
	}
}

// addRows notes that rows of this query are about to be read. It returns false if
// the query is over.
func (s *span) addRows() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.rows++
	return true
}

func (s *span) rowsDone(at time.Time) {
	s.mu.Lock()
	s.rows--
	last := s.ended && s.rows == 0
	if last {
		s.end = at
	}
	s.mu.Unlock()
	if last {
		s.stop(nil)
	}
}
