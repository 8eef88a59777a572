package redis

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// A list of traces reads so many traces at once, and of each at first so many
// records: most traces are small.
const (
	tracesAtOnce = 16
	firstRecords = 128
)

// candidate is a trace that may belong into a list. bound is the timestamp of
// one of its records, so it began at bound or before.
type candidate struct{ base, bound string }

// line is a candidate whose records have been read.
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

// Traces implements driver.Lister. The keys are walked first, with one record
// of each trace, which tells nearly when it began; then the traces are read
// from the youngest on, no more than are asked for. The memory that it takes is
// that of base ids and timestamps.
func (d *store) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		old, err := d.legacyLines(ctx, q.Service)
		if err != nil {
			yield(driver.Trace{}, err)
			return
		}
		candidates, err := d.candidates(ctx, q, old)
		if err != nil {
			yield(driver.Trace{}, err)
			return
		}
		span := q.Span()
		var ready []line // not yet yielded
		left := q.Limit
		for len(candidates) > 0 {
			n := min(tracesAtOnce, len(candidates))
			lines, err := d.readLines(ctx, candidates[:n], q.Service, old)
			if err != nil {
				yield(driver.Trace{}, err)
				return
			}
			candidates = candidates[n:]
			for _, l := range lines {
				if l.selected(q, span) {
					ready = append(ready, l)
				}
			}
			slices.SortFunc(ready, newestFirst)
			for len(ready) > 0 && (len(candidates) == 0 || ready[0].Timestamp > candidates[0].bound) {
				if !yield(ready[0].Trace, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
				ready = ready[1:]
			}
		}
	}
}

func newestFirst(a, b line) int {
	return cmp.Or(cmp.Compare(b.Timestamp, a.Timestamp), cmp.Compare(b.ID, a.ID))
}

func (l *line) selected(q driver.Query, span driver.Span) bool {
	return span.Has(l.Timestamp, l.ID) && l.Timestamp != "" && (q.Service == "" || l.served) && (!q.ErrorsOnly || l.Failed)
}

// candidates lists the traces that a query may select, the youngest bound
// first.
func (d *store) candidates(ctx context.Context, q driver.Query, old map[string]line) ([]candidate, error) {
	first := q.Span().From
	var all []candidate
	keep := func(base, bound string) {
		if l, ok := old[base]; ok && (bound == "" || l.Timestamp < bound) {
			bound = l.Timestamp
		}
		if bound != "" && bound >= first {
			all = append(all, candidate{strings.Clone(base), strings.Clone(bound)})
		}
	}
	prefix := listPrefix
	if q.ErrorsOnly {
		prefix = errorPrefix
	}
	err := d.scan(ctx, prefix+"*", func(keys []string) error {
		bases := make([]string, len(keys))
		for i, key := range keys {
			bases[i] = key[len(prefix):]
		}
		return d.bounds(ctx, bases, -1, keep)
	})
	if err != nil {
		return nil, err
	}
	if !q.ErrorsOnly {
		for base := range old {
			keep(base, "")
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.bound, a.bound), cmp.Compare(b.base, a.base))
	})
	return dedupe(all), nil
}

// dedupe leaves one candidate of each trace, in order: SCAN may return a key
// twice, and a trace may be in both layouts.
func dedupe(all []candidate) []candidate {
	seen := make(map[string]struct{}, len(all))
	return slices.DeleteFunc(all, func(c candidate) bool {
		_, twice := seen[c.base]
		seen[c.base] = struct{}{}
		return twice
	})
}

// unreadable sorts after every timestamp: a record that cannot be read tells
// nothing about when its trace began.
const unreadable = "\xff"

// bounds calls do with the timestamp of the record at an index of each trace's
// list, "" where there is no list.
func (d *store) bounds(ctx context.Context, bases []string, index int64, do func(base, timestamp string)) error {
	records := make([]*redis.StringCmd, len(bases))
	err := d.pipelined(ctx, func(pipe redis.Pipeliner) {
		for i, base := range bases {
			records[i] = pipe.LIndex(ctx, listPrefix+base, index)
		}
	})
	if err != nil {
		return err
	}
	for i, base := range bases {
		if records[i].Err() != nil {
			do(base, "")
			continue
		}
		r, err := record.Parse([]byte(records[i].Val()))
		if err != nil || r.Timestamp == "" {
			r.Timestamp = unreadable
		}
		do(base, r.Timestamp)
	}
	return nil
}

// readLines reads traces, each from its first record to its last.
func (d *store) readLines(ctx context.Context, candidates []candidate, service string, old map[string]line) ([]line, error) {
	lists := make([]*redis.StringSliceCmd, len(candidates))
	marks := make([]*redis.IntCmd, len(candidates))
	err := d.pipelined(ctx, func(pipe redis.Pipeliner) {
		for i, c := range candidates {
			lists[i] = pipe.LRange(ctx, listPrefix+c.base, 0, firstRecords-1)
			marks[i] = pipe.Exists(ctx, errorPrefix+c.base)
		}
	})
	if err != nil {
		return nil, err
	}
	lines := make([]line, len(candidates))
	for i, c := range candidates {
		l := old[c.base]
		l.ID, l.Failed = c.base, marks[i].Val() > 0
		values := lists[i].Val()
		for _, v := range values {
			if r, err := record.Parse([]byte(v)); err == nil {
				l.add(&r, service)
			}
		}
		if len(values) == firstRecords {
			d.list(ctx, c.base, firstRecords, func(r record.Record, e error) bool {
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
