package elasticsearch

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/tracelist"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/profiler"
)

// found is a record that was read, or why it could not be.
type found struct {
	record    profiler.Record
	err       error
	timestamp string
}

func (d *driver) Records(ctx context.Context, baseID string) iter.Seq2[profiler.Record, error] {
	return func(yield func(profiler.Record, error) bool) {
		var records []found
		err := d.scan(ctx, recordIndex, ofTrace(baseID), "", func(h *hit) bool {
			var f found
			f.record, f.err = profiler.ParseRecord(h.Source)
			id := f.record.BaseID
			f.timestamp = f.record.Timestamp
			if f.err != nil {
				id, _ = jsontext.Text(jsontext.Get(h.Source, "base_id"))
				f.timestamp, _ = jsontext.Text(jsontext.Get(h.Source, "timestamp"))
			}
			if id == baseID {
				records = append(records, f)
			}
			return true
		})
		if err != nil {
			yield(profiler.Record{}, err)
			return
		}
		// Elasticsearch would compare milliseconds.
		slices.SortStableFunc(records, func(a, b found) int { return cmp.Compare(a.timestamp, b.timestamp) })
		for i := range records {
			if !yield(records[i].record, records[i].err) {
				return
			}
		}
	}
}

func (d *driver) Traces(ctx context.Context, q drivers.Query) iter.Seq2[drivers.Trace, error] {
	return func(yield func(drivers.Trace, error) bool) {
		traces, err := d.list(ctx, q)
		for _, t := range traces {
			if !yield(t, nil) {
				return
			}
		}
		if err != nil {
			yield(drivers.Trace{}, err)
		}
	}
}

func (d *driver) list(ctx context.Context, q drivers.Query) ([]drivers.Trace, error) {
	failed := map[string]bool{}
	err := d.scan(ctx, errorIndex, matchAll, `["base_id"]`, func(h *hit) bool {
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
	list := tracelist.New(q)
	fields := `["name","base_id","trace_id","timestamp","project","service"]`
	err = d.scan(ctx, recordIndex, matchAll, fields, func(h *hit) bool {
		r, err := profiler.ParseRecord(h.Source)
		if err == nil && r.BaseID != "" && (!errorsOnly || failed[r.BaseID]) {
			list.Add(&r)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	traces := list.Sorted()
	for i := range traces {
		traces[i].Failed = failed[traces[i].BaseID]
	}
	return traces, nil
}
