package mongodb

import (
	"context"
	"slices"
	"time"

	"github.com/sonde-go/sonde/record"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// atOnce is how many traces one command names.
const atOnce = 1000

func (d *store) Delete(ctx context.Context, baseID string) error {
	if !storable(baseID) {
		return nil
	}
	return d.remove(ctx, ofTrace(baseID))
}

func (d *store) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	limit := record.AppendTimestamp(nil, olderThan.UnixNano())
	old, err := d.baseIDs(ctx, d.records, bson.D{{Key: "timestamp", Value: bson.D{{Key: "$lt", Value: string(limit)}}}})
	if err != nil {
		return 0, err
	}
	young, err := d.baseIDs(ctx, d.records, bson.D{{Key: "timestamp", Value: bson.D{{Key: "$gte", Value: string(limit)}}}})
	if err != nil {
		return 0, err
	}
	var ids []string
	for id := range old {
		if !young[id] {
			ids = append(ids, id)
		}
	}
	n := 0
	for some := range slices.Chunk(ids, atOnce) {
		if err := d.remove(ctx, ofTraces(some)); err != nil {
			return n, err
		}
		n += len(some)
	}
	return n, nil
}

// remove deletes what a filter selects, records first: a failure in between
// leaves nothing that looks like a trace.
func (d *store) remove(ctx context.Context, filter bson.D) error {
	for _, c := range []*mongo.Collection{d.records, d.failures} {
		err := d.write(ctx, func(ctx context.Context) error {
			_, err := c.DeleteMany(ctx, filter)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
