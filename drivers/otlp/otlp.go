// Package otlp is the driver that sends traces to anything that takes
// OpenTelemetry's protocol (OTLP 1.x), and to Jaeger, from which it reads them
// back. Import it for its schemes:
//
//	otlp://host:4318          protobuf over HTTP: POST http://host:4318/v1/traces
//	otlp+https://host:4318    the same over TLS
//	otlp+grpc://host:4317     gRPC
//	otlp+grpcs://host:4317    gRPC over TLS
//	jaeger://host:4318?query=http://host:16686    OTLP over HTTP, read back through Jaeger's query API
//
// The ports may be left out. A path goes before /v1/traces. A user and a
// password are sent as HTTP's basic authentication; user and password of the
// query API belong into its URL. Options are:
//
//	header.NAME=VALUE    a header of every request, such as header.authorization=Bearer%20TOKEN;
//	                     not sent to Jaeger's query API
//	ssl_ca_certs=FILE    PEM file of the authorities to trust over TLS
//	query=URL            where Jaeger's query API is; default http://host:16686
//
// The headers of the environment's OTEL_EXPORTER_OTLP_HEADERS are sent too.
//
// A trace point, which is a start and a stop record, becomes one span. So a
// record is held, in bounded memory, until its counterpart comes; a Notify that
// has taken it does not mean that the server has it. What has waited for a
// minute, what there is no room for, and at Close everything goes out as it is,
// marked sonde.unfinished (no stop came) or sonde.unstarted (no start came). If
// the stop comes later, the whole span follows under the same id.
//
// Kinds, names and attributes of spans are those of the point's layer, see
// package layer: by OpenTelemetry's semantic conventions (1.43), with the
// attributes of OSProfiler's OTLP driver beside them and everything else that
// info holds under its own name. Points that OSProfiler has recorded have
// OSProfiler's names, and where their info does not say what kind they are, its
// guess from the name. Times are those of the records. Ids that are no UUIDs are hashed, always the same way.
//
// Spans for Jaeger also carry their records as they would be stored elsewhere,
// sonde.start and sonde.stop, so that a report from Jaeger is the same. Spans
// of other programs are read as well as they can be. A trace is read as a whole,
// since Jaeger answers with all of it. So are the traces of a list, from the
// newest back in time until there are enough; beyond 10,000 traces of one
// service in one answer Jaeger leaves some out.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/internal/answer"
)

func init() {
	for _, scheme := range []string{"otlp", "otlp+https", "otlp+grpc", "otlp+grpcs"} {
		drivers.Register(scheme, open)
	}
	drivers.Register("jaeger", openJaeger)
}

// flushEvery is how often the driver looks for records that have waited too
// long, and sendTimeout how long it takes to send them, then and in Close.
const (
	flushEvery  = 10 * time.Second
	sendTimeout = 5 * time.Second
)

type store struct {
	transport transport
	limit     answer.Limit // of one request
	prefix    string       // of service.name
	keep      bool         // spans carry their records
	logger    *slog.Logger
	held      held
	foreign   foreignLayers

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	done   chan struct{} // closed when the goroutine has ended
}

func open(_ context.Context, url string, o drivers.Options) (driver.Driver, error) {
	t, err := parse(url)
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
		limit:     answer.Limit{Store: "OTLP at " + t.host, Time: o.SocketTimeout},
		prefix:    o.OTLPServiceNamePrefix,
		logger:    o.Logger,
		done:      make(chan struct{}),
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	go d.run()
	return d, nil
}

// run sends what has waited too long.
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

// Ping sends an export without spans, which every server takes.
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
		return "otlp:// can only be written to: see what the program that OTLP leads to has for retention"
	}
	return ""
}
