package redis

import (
	"context"
	"errors"
	"iter"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// A list reads so many traces at once, and of each at first so many records: most
// traces are small.
const (
	tracesAtOnce = 16
	firstRecords = 128
)

// line is a trace whose records have been read.
type line struct {
	driver.Trace
	served bool // the wanted service took part
}

// add takes one of the trace's records, the newest first.
func (l *line) add(r *record.Record, service string) {
	if l.Timestamp == "" || r.Timestamp <= l.Timestamp {
		l.Timestamp = r.Timestamp
		l.Project, l.Service = text(r.Project), text(r.Service)
		l.Name = kit.PointName(r.Name)
	}
	l.served = l.served || r.Service != nil && *r.Service == service
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Traces implements driver.Lister: the traces are read from the youngest on, no more
// than are asked for. The memory that a list without a limit takes is that of base
// ids and timestamps.
func (d *store) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		old, err := d.legacyLines(ctx, q.Service)
		if err != nil {
			yield(driver.Trace{}, err)
			return
		}
		newest := kit.Newest{AtOnce: tracesAtOnce, Next: d.search(q, old).next, Read: func(ctx context.Context, bases []string) ([]driver.Trace, error) {
			lines, err := d.readLines(ctx, bases, q.Service, old)
			var traces []driver.Trace
			for _, l := range lines {
				if (q.Service == "" || l.served) && (!q.ErrorsOnly || l.Failed) {
					traces = append(traces, l.Trace)
				}
			}
			return traces, err
		}}
		newest.Traces(ctx, q)(yield)
	}
}

// readLines reads traces, each from its first record to its last.
func (d *store) readLines(ctx context.Context, bases []string, service string, old map[string]line) ([]line, error) {
	lists := make([]*redis.StringSliceCmd, len(bases))
	marks := make([]*redis.IntCmd, len(bases))
	err := d.pipelined(ctx, func(pipe redis.Pipeliner) {
		for i, base := range bases {
			lists[i] = pipe.LRange(ctx, listPrefix+base, 0, firstRecords-1)
			marks[i] = pipe.Exists(ctx, errorPrefix+base)
		}
	})
	if err != nil {
		return nil, err
	}
	lines := make([]line, len(bases))
	for i, base := range bases {
		l := old[base]
		l.ID, l.Failed = base, marks[i].Val() > 0
		values := lists[i].Val()
		for _, v := range values {
			if r, err := record.Parse([]byte(v)); err == nil {
				l.add(&r, service)
			}
		}
		if len(values) == firstRecords {
			d.list(ctx, base, firstRecords, func(r record.Record, e error) bool {
				var bad *record.BadRecordError
				switch {
				case e == nil:
					l.add(&r, service)
				case !errors.As(e, &bad):
					err = e
				}
				return err == nil
			})
			if err != nil {
				return nil, err
			}
		}
		lines[i] = l
	}
	return lines, nil
}

// legacyLines reads the traces in the old layout, if they are asked for.
func (d *store) legacyLines(ctx context.Context, service string) (map[string]line, error) {
	if !d.config.legacy {
		return nil, nil
	}
	lines := map[string]line{}
	err := d.legacy(ctx, "*", func(_, value string) {
		if r, err := record.Parse([]byte(value)); err == nil {
			l := lines[r.Trace]
			l.add(&r, service)
			lines[r.Trace] = l
		}
	})
	return lines, err
}
