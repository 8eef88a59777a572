package mongodb

import (
	"context"
	"iter"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// A window is so many documents at first, so that the newest traces cost little, and
// twice as many each time until it is so many.
const (
	firstWindow = 500
	lastWindow  = 64000
)

// tracesAtOnce is how many traces a list reads with one command.
const tracesAtOnce = 100

// Traces walks down the index of timestamps, a window of records at a time, and
// reads five fields of the records of the traces that it meets there. A list of failed
// traces walks down the collection of those. A record without a timestamp is in no
// window.
func (d *store) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		w := walk{store: d, in: d.records, size: firstWindow}
		if q.ErrorsOnly {
			w.in = d.failures // the last error of a trace is not before its beginning
		}
		newest := kit.Newest{Next: w.next, AtOnce: tracesAtOnce, Read: func(ctx context.Context, ids []string) ([]driver.Trace, error) {
			return d.lines(ctx, q, ids)
		}}
		newest.Traces(ctx, q)(yield)
	}
}

// walk is how far a collection has been walked, from the latest timestamp down.
type walk struct {
	*store
	in    *mongo.Collection
	size  int    // documents of the next window
	until string // the timestamp of the last document; "": not begun
	ties  int    // how many of that timestamp have been walked
}

// next is the Next of a [kit.Newest]. What comes meanwhile with the timestamp of the
// last document may have other documents met twice.
func (w *walk) next(ctx context.Context) (found []kit.Candidate, rest string, err error) {
	filter := bson.D{{Key: "timestamp", Value: bson.D{{Key: "$gt", Value: ""}}}}
	if w.until != "" {
		filter = bson.D{{Key: "timestamp", Value: bson.D{{Key: "$gt", Value: ""}, {Key: "$lte", Value: w.until}}}}
	}
	opts := options.Find().SetProjection(bson.D{{Key: "_id", Value: 0}, {Key: "base_id", Value: 1}, {Key: "timestamp", Value: 1}}).
		SetSort(bson.D{{Key: "timestamp", Value: -1}}).SetSkip(int64(w.ties)).SetLimit(int64(w.size))
	n := 0
	err = w.each(ctx, w.in, filter, opts, func(doc bson.Raw) bool {
		n++
		timestamp, _ := doc.Lookup("timestamp").StringValueOK()
		if timestamp != w.until {
			w.until, w.ties = timestamp, 0
		}
		w.ties++
		if id, ok := doc.Lookup("base_id").StringValueOK(); ok && id != "" && (len(found) == 0 || found[len(found)-1].ID != id) {
			found = append(found, kit.Candidate{ID: id, Bound: timestamp})
		}
		return true
	})
	if n == w.size {
		rest = w.until
	}
	w.size = min(2*w.size, lastWindow)
	return found, rest, err
}

// lines reads traces as they are listed, those that a query selects.
func (d *store) lines(ctx context.Context, q driver.Query, ids []string) ([]driver.Trace, error) {
	failed, err := d.baseIDs(ctx, d.failures, ofTraces(ids))
	if err != nil {
		return nil, err
	}
	errorsOnly := q.ErrorsOnly
	q.Limit, q.ErrorsOnly = 0, false // the store says which failed, not the records
	list := kit.NewTraceList(q)
	opts := options.Find().SetProjection(bson.D{
		{Key: "_id", Value: 0}, {Key: "name", Value: 1}, {Key: "base_id", Value: 1}, {Key: "timestamp", Value: 1},
		{Key: "project", Value: 1}, {Key: "service", Value: 1},
	})
	err = d.each(ctx, d.records, ofTraces(ids), opts, func(doc bson.Raw) bool {
		if r := line(doc); !errorsOnly || failed[r.Trace] {
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
