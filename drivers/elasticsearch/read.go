package elasticsearch

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// found is a record that was read, or why it could not be.
type found struct {
	record    record.Record
	err       error
	timestamp string
}

func (d *store) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		// Elasticsearch compares milliseconds; those that are equal are put in
		// order here.
		var group []found
		var p record.Parser
		next := func() bool {
			slices.SortStableFunc(group, func(a, b found) int { return cmp.Compare(a.timestamp, b.timestamp) })
			for _, f := range group {
				if !yield(f.record, f.err) {
					return false
				}
			}
			clear(group)
			group = group[:0]
			return true
		}
		on := true
		err := d.scan(ctx, recordIndex, search{query: ofTrace(baseID), byTime: true}, func(h *hit) bool {
			f, ok := read(&p, h, baseID)
			if !ok {
				return true
			}
			if len(group) > 0 && milliseconds(f.timestamp) != milliseconds(group[0].timestamp) {
				on = next()
			}
			group = append(group, f)
			return on
		})
		if on && next() && err != nil {
			yield(record.Record{}, err)
		}
	}
}

// read reads a record that may be one of a trace.
func read(p *record.Parser, h *hit, baseID string) (f found, ok bool) {
	f.record, f.err = p.Parse(h.Source)
	id := f.record.Trace
	f.timestamp = f.record.Timestamp
	if f.err != nil {
		id, _ = jsontext.Text(jsontext.Get(h.Source, "base_id"))
		f.timestamp, _ = jsontext.Text(jsontext.Get(h.Source, "timestamp"))
	}
	return f, id == baseID
}

// milliseconds cuts a timestamp.
func milliseconds(timestamp string) string {
	return timestamp[:min(len(timestamp), len("2026-01-02T03:04:05.000"))]
}

func (d *store) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		traces, err := d.list(ctx, q)
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

func (d *store) list(ctx context.Context, q driver.Query) ([]driver.Trace, error) {
	failed := map[string]bool{}
	err := d.scan(ctx, errorIndex, search{query: matchAll, source: `["base_id"]`}, func(h *hit) bool {
		if id, ok := jsontext.Text(jsontext.Get(h.Source, "base_id")); ok {
			failed[id] = true
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	errorsOnly := q.ErrorsOnly
	q.ErrorsOnly = false // the store says which failed, not the records
	list := kit.NewTraceList(q)
	fields := `["name","base_id","trace_id","timestamp","project","service"]`
	err = d.scan(ctx, recordIndex, search{query: matchAll, source: fields}, func(h *hit) bool {
		r, err := record.Parse(h.Source)
		if err == nil && r.Trace != "" && (!errorsOnly || failed[r.Trace]) {
			list.Add(&r)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	traces := list.Sorted()
	for i := range traces {
		traces[i].Failed = failed[traces[i].ID]
	}
	return traces, nil
}
