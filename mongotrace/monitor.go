package mongotrace

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
)

// Option configures what is recorded.
type Option func(*monitor)

// WithName sets the name of the points. The default is "mongodb", as is an empty
// name. Reports group points by name, so this tells two servers apart.
func WithName(name string) Option { return func(m *monitor) { m.name = cmp.Or(name, m.name) } }

// WithMonitor has next told of everything too, since a client has one monitor only.
func WithMonitor(next *event.CommandMonitor) Option {
	return func(m *monitor) {
		if next != nil {
			m.next = *next
		}
	}
}

// NewMonitor returns a monitor for SetMonitor of the client's options. It may be
// given to several clients.
func NewMonitor(opts ...Option) *event.CommandMonitor {
	m := &monitor{name: "mongodb"}
	for _, o := range opts {
		o(m)
	}
	return &event.CommandMonitor{Started: m.started, Succeeded: m.succeeded, Failed: m.failed}
}

// monitor has the points of the commands that are under way. The driver tells of the
// end of each command that it has told of.
type monitor struct {
	name string
	next event.CommandMonitor
	open sync.Map // of profiler.Point, by request
}

// request is a command. Ids of requests are the process's; a retried command has a
// new one.
type request struct {
	id         int64
	connection string
}

func (m *monitor) started(ctx context.Context, e *event.CommandStartedEvent) {
	if profiler.Active(ctx) {
		var all [3]slog.Attr
		attrs := append(all[:0], slog.String("command", e.CommandName), slog.String("database", e.DatabaseName))
		if c := collection(e); c != "" {
			attrs = append(attrs, slog.String("collection", c))
		}
		_, p := profiler.Open(ctx, profiler.Opening{Name: m.name, Layer: layer.MongoDB}, attrs...)
		m.open.Store(request{e.RequestID, e.ConnectionID}, p)
	}
	if m.next.Started != nil {
		m.next.Started(ctx, e)
	}
}

// collection is what the command's first member says, or getMore's of that name.
func collection(e *event.CommandStartedEvent) string {
	if e.CommandName == "getMore" {
		name, _ := e.Command.Lookup("collection").StringValueOK()
		return name
	}
	first, err := e.Command.IndexErr(0)
	if err != nil {
		return ""
	}
	name, _ := first.Value().StringValueOK()
	return name
}

func (m *monitor) succeeded(ctx context.Context, e *event.CommandSucceededEvent) {
	if p, ok := m.ended(ctx, &e.CommandFinishedEvent); ok {
		end := profiler.Ending{Group: layer.MongoDB.Group}
		var all [2]slog.Attr
		attrs := all[:0]
		if n, ok := e.Reply.Lookup("n").AsInt64OK(); ok {
			attrs = append(attrs, slog.Int64("documents", n))
		}
		if etype, refused := refusal(e.Reply); refused != nil {
			text, _ := refused.Lookup("errmsg").StringValueOK()
			code, _ := refused.Lookup("code").AsInt64OK()
			end.Err, end.Etype, end.Text = errors.New(text), etype, withoutValues
			attrs = append(attrs, slog.Int64("error_code", code))
		}
		p.End(end, attrs...)
	}
	if m.next.Succeeded != nil {
		m.next.Succeeded(ctx, e)
	}
}

// refusal is what a reply without an error says of writes that were refused, or not
// confirmed by as many servers as was asked for; the driver returns either as an error.
func refusal(reply bson.Raw) (etype string, refused bson.Raw) {
	if refused, ok := reply.Lookup("writeErrors", "0").DocumentOK(); ok {
		return "WriteError", refused
	}
	if refused, ok := reply.Lookup("writeConcernError").DocumentOK(); ok {
		return "WriteConcernError", refused
	}
	return "", nil
}

func (m *monitor) failed(ctx context.Context, e *event.CommandFailedEvent) {
	if p, ok := m.ended(ctx, &e.CommandFinishedEvent); ok {
		p.End(profiler.Ending{Group: layer.MongoDB.Group, Err: e.Failure, Text: withoutValues})
	}
	if m.next.Failed != nil {
		m.next.Failed(ctx, e)
	}
}

func (m *monitor) ended(ctx context.Context, e *event.CommandFinishedEvent) (profiler.Point, bool) {
	if !profiler.Active(ctx) {
		return profiler.Point{}, false
	}
	p, ok := m.open.LoadAndDelete(request{e.RequestID, e.ConnectionID})
	if !ok {
		return profiler.Point{}, false
	}
	return p.(profiler.Point), true
}

// withoutValues cuts the values that MongoDB quotes of a key that exists already, and
// the documents that it quotes elsewhere.
func withoutValues(text string) string {
	text, _, _ = strings.Cut(text, " dup key:")
	if from, to := strings.IndexByte(text, '{'), strings.LastIndexByte(text, '}'); from >= 0 && from < to {
		text = text[:from] + "{…}" + text[to+1:]
	}
	return text
}
