// Package otlp is the driver that sends traces to anything that accepts
// OpenTelemetry's protocol (OTLP 1.x), and to Jaeger, from which it reads them
// back. Import it for its schemes:
//
//	otlp://host:4318          protobuf over HTTP: POST http://host:4318/v1/traces
//	otlp+https://host:4318    the same over TLS
//	otlp+grpc://host:4317     gRPC
//	otlp+grpcs://host:4317    gRPC over TLS
//	jaeger://host:4318?query=http://host:16686    OTLP over HTTP, read back through Jaeger's query API
//
// The ports may be omitted. A path is put before /v1/traces. A user and a password
// are sent as HTTP basic authentication; those for the query API belong in its URL.
// Options, besides the common ones (see package drivers):
//
//	header.NAME=VALUE    a header of every request, such as header.authorization=Bearer%20TOKEN;
//	                     not sent to Jaeger's query API
//	service_name_prefix=NAME   prefix of each service's name, followed by a dash
//	query=URL            where Jaeger's query API is; default http://host:16686
//
// The headers of the environment's OTEL_EXPORTER_OTLP_HEADERS are sent too.
//
// A trace point, which is a start and a stop record, becomes one span. So a record
// is held, in bounded memory, until its counterpart arrives: a record that Notify
// has accepted need not be at the server yet. A record that has waited for a
// minute, or for which there is no more room, is sent alone, and so are all others
// at Close. Such spans are marked sonde.unfinished (no stop arrived) or
// sonde.unstarted (no start arrived). If the stop arrives later, the whole span
// follows under the same id.
//
// Kinds, names and attributes of spans are those of the point's layer, see package
// layer: they follow OpenTelemetry's semantic conventions (1.43), with the
// attributes of OSProfiler's OTLP driver besides, and everything else in info under
// its own name. Points recorded by OSProfiler have OSProfiler's names and, if their
// info does not imply a kind, OSProfiler's guess from the name. Times are those of
// the records. Ids that are not UUIDs are hashed, always in the same way.
//
// Spans for Jaeger also carry their records as stored elsewhere, sonde.start and
// sonde.stop, so that a report from Jaeger is the same. Spans of other programs are
// read as well as possible. A trace is read as a whole, since Jaeger answers with
// all of it. So are the traces of a list, from the newest back in time until there
// are enough; beyond 10,000 traces of one service in one answer, Jaeger omits some.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/internal/otlpspan"
)

func init() {
	headers := drivers.Option{Name: "header.*", Secret: true, Doc: "a header of every request, such as header.authorization=Bearer%20TOKEN"}
	prefix := drivers.Option{Name: "service_name_prefix", Doc: "prefix of each service's name, followed by a dash"}
	for _, s := range []drivers.Scheme{
		{Name: "otlp", Secure: "otlp+https", Doc: "anything that accepts OpenTelemetry's protocol, over HTTP", Example: "otlp://host:4318", Port: "4318", Open: open},
		{Name: "otlp+grpc", Secure: "otlp+grpcs", Doc: "the same over gRPC", Example: "otlp+grpc://host:4317", Port: "4317", Open: open},
		{
			Name: "jaeger", Doc: "Jaeger, written to by OTLP and read back", Example: "jaeger://host:4318?query=http://host:16686", Port: "4318", Open: openJaeger,
			Options: []drivers.Option{{Name: "query", Doc: "the URL of Jaeger's query API; default http://host:16686"}},
		},
	} {
		s.Import = "github.com/sonde-go/sonde/drivers/otlp"
		s.Options = append(s.Options, headers, prefix)
		drivers.Register(s)
	}
}

// flushEvery is how often the driver looks for records that have waited too
// long, and sendTimeout how long it takes to send them, then and in Close.
const (
	flushEvery  = 10 * time.Second
	sendTimeout = 5 * time.Second
)

type store struct {
	transport transport
	limit     kit.Limit // of one request
	spans     otlpspan.Maker
	logger    *slog.Logger
	held      held
	foreign   foreignLayers

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	done   chan struct{} // closed when the goroutine has ended
}

func open(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	t, err := targetOf(u)
	if err != nil {
		return nil, err
	}
	return start(t, o)
}

func start(t *target, o drivers.Options) (*store, error) {
	transport, err := t.dial(o)
	if err != nil {
		return nil, err
	}
	d := &store{
		transport: transport,
		limit:     kit.Limit{Store: "OTLP at " + t.host, Time: o.SocketTimeout},
		logger:    o.Logger,
		done:      make(chan struct{}),
	}
	d.spans = otlpspan.Maker{Prefix: t.prefix, Foreign: d.foreign.get}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	go d.run()
	return d, nil
}

// run sends records that have waited too long.
func (d *store) run() {
	defer close(d.done)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-d.ctx.Done():
			return
		case now := <-tick.C:
			ctx, cancel := context.WithTimeout(d.ctx, sendTimeout)
			if err := d.flush(ctx, now.Add(-maxWait)); err != nil && d.ctx.Err() == nil {
				d.logger.Warn("sonde: unfinished trace points cannot be sent; they are tried again", "error", err)
			}
			cancel()
			d.held.forget(now.Add(-maxKept))
		}
	}
}

// Terms implements [driver.Promising].
func (d *store) Terms() driver.Terms {
	return driver.Terms{
		Acknowledged: "taken by the receiver if the point's other record has come; else held in this process, up to a minute",
		Repeated:     "sent as a span of the same id",
		Listed:       "the traces of the last hours or days, further back until there are enough",
	}
}

// Ping sends an export without spans, which every server accepts.
func (d *store) Ping(ctx context.Context) error {
	_, err := d.exchange(ctx, nil)
	return err
}

// exchange sends one request and waits for the reply.
func (d *store) exchange(ctx context.Context, request []byte) (reply []byte, err error) {
	err = d.limit.Do(ctx, func(ctx context.Context) error {
		reply, err = d.transport.send(ctx, request)
		return err
	})
	return reply, err
}

// Close sends what is still held. Its error says how many records were lost.
func (d *store) Close() error {
	d.cancel()
	<-d.done
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	err := d.flush(ctx, time.Now().Add(time.Hour))
	if err != nil {
		err = fmt.Errorf("%d unfinished trace points were not sent: %w", d.held.unsentCount(), err)
	}
	return errors.Join(err, d.transport.close())
}

// Lacks says where to look instead.
func (d *store) Lacks(op driver.Op) string {
	switch op {
	case driver.Read, driver.List, driver.ListErrors:
		return "otlp:// can only be written to: look for the trace in the program that OTLP leads to, or let jaeger:// read it"
	case driver.Delete, driver.Prune:
		return "otlp:// can only be written to: see the retention of the program that OTLP leads to"
	}
	return ""
}
