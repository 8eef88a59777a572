package otlp

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/internal/otlpspan"
	"github.com/sonde-go/sonde/record"
)

// maxListed is how many traces of a service Jaeger is asked for at once: as many as
// Elasticsearch, one of Jaeger's stores, returns at most.
const maxListed = 10000

// jaeger writes by OTLP and reads by Jaeger's query API.
type jaeger struct {
	*store
	client *http.Client
	query  *url.URL
}

func openJaeger(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	t, err := targetOf(u)
	if err != nil {
		return nil, err
	}
	d, err := start(t, o)
	if err != nil {
		return nil, err
	}
	d.spans.Records = true
	return &jaeger{store: d, client: newClient(nil, o.ConnectTimeout), query: t.query}, nil
}

func (j *jaeger) Close() error {
	err := j.store.Close()
	j.client.CloseIdleConnections()
	return err
}

// Lacks says what to do instead.
func (j *jaeger) Lacks(op driver.Op) string {
	switch op {
	case driver.Delete, driver.Prune:
		return "Jaeger cannot be told to forget traces; its storage has a retention of its own"
	}
	return ""
}

// Ping asks both the OTLP port and the query API.
func (j *jaeger) Ping(ctx context.Context) error {
	if err := j.store.Ping(ctx); err != nil {
		return err
	}
	_, err := j.services(ctx)
	return err
}

// Records yields the records by time, since Jaeger keeps no order.
func (j *jaeger) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		traces, err := j.trace(ctx, baseID)
		for _, t := range traces {
			for _, r := range t.records(baseID) {
				if r.bad != nil {
					if !yield(record.Record{}, r.bad) {
						return
					}
				} else if r.Trace == baseID && !yield(r.Record, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(record.Record{}, err)
		}
	}
}

func (j *jaeger) trace(ctx context.Context, baseID string) ([]jaegerTrace, error) {
	id, err := header.ParseID(baseID)
	if err != nil {
		return nil, ctx.Err() // no trace has it
	}
	trace := otelid.TraceID(id)
	return j.get(ctx, "/api/traces/"+hexText(trace[:]), nil)
}

// Traces yields the traces of all services. Failed are those with a record of
// an error, whatever FilterErrorTrace says.
func (j *jaeger) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		traces, err := j.list(ctx, q)
		for _, t := range traces {
			if !yield(t, nil) {
				return
			}
		}
		if err != nil {
			yield(driver.Trace{}, err)
		}
	}
}

func (j *jaeger) list(ctx context.Context, q driver.Query) ([]driver.Trace, error) {
	services, err := j.services(ctx)
	if err != nil {
		return nil, err
	}
	services = slices.DeleteFunc(services, func(name string) bool { return !mayBe(name, q.Service) })
	// Not every store of Jaeger keeps to the newest if it is given a limit, so
	// we go back in time until there are enough.
	list := kit.NewTraceList(q)
	now := time.Now()
	to := now.Add(24 * time.Hour)
	span := q.Span()
	since, until := span.Times()
	if !until.IsZero() {
		now, to = until, until
	}
	for back := time.Hour; ; back *= 8 {
		from := now.Add(-back)
		last := q.Limit <= 0 || back > 1<<19*time.Hour || from.Before(since)
		if last {
			from = since
		}
		for _, service := range services {
			if err := j.search(ctx, service, from, to, list); err != nil {
				return nil, err
			}
		}
		if traces := list.Sorted(); last || enough(traces, q.Limit, from) {
			return traces, nil
		}
		to = from
	}
}

// enough reports whether limit traces began after from, so that no older trace can
// be among the newest.
func enough(traces []driver.Trace, limit int, from time.Time) bool {
	return len(traces) >= limit && traces[limit-1].Timestamp >= string(record.AppendTimestamp(nil, from.UnixNano()))
}

// search adds the traces of one of Jaeger's services that have a span between
// two times to a list.
func (j *jaeger) search(ctx context.Context, service string, from, to time.Time, list *kit.TraceList) error {
	begin := int64(0)
	if !from.IsZero() {
		begin = max(0, from.UnixMicro())
	}
	traces, err := j.get(ctx, "/api/traces", url.Values{
		"service": {service},
		"limit":   {strconv.Itoa(maxListed)},
		"start":   {strconv.FormatInt(begin, 10)}, // in microseconds
		"end":     {strconv.FormatInt(to.UnixMicro(), 10)},
	})
	for _, t := range traces {
		for _, r := range t.records(t.baseID()) {
			if r.bad == nil {
				list.Add(&r.Record)
			}
		}
	}
	return err
}

// mayBe reports whether Jaeger's service may be ours, whose name is only a part of
// Jaeger's.
func mayBe(jaegers, ours string) bool {
	return ours == "" || jaegers == otlpspan.Valid(ours) || strings.HasSuffix(jaegers, "-"+otlpspan.Valid(ours))
}

func (j *jaeger) services(ctx context.Context) ([]string, error) {
	var names []string
	if err := j.ask(ctx, "/api/services", nil, &names); err != nil {
		return nil, err
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
