package mongodb

import (
	"context"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sonde-go/sonde/record"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func (d *store) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		if !storable(baseID) {
			return
		}
		opts := options.Find().SetProjection(bson.D{{Key: "_id", Value: 0}})
		var p record.Parser
		err := d.each(ctx, d.records, ofTrace(baseID), opts, func(doc bson.Raw) bool {
			return yield(fromBSON(&p, doc))
		})
		if err != nil {
			yield(record.Record{}, err)
		}
	}
}

// storable reports whether a document can have this text as its base id.
func storable(baseID string) bool {
	return utf8.ValidString(baseID) && strings.IndexByte(baseID, 0) < 0
}

func fromBSON(p *record.Parser, doc bson.Raw) (record.Record, error) {
	payload, err := appendJSON(nil, doc)
	if err != nil {
		return record.Record{}, &record.BadRecordError{Raw: append([]byte(nil), doc...), Err: err}
	}
	return p.Parse(payload)
}

// line reads the fields that a list shows.
func line(doc bson.Raw) (r record.Record) {
	text := func(key string) *string {
		if s, ok := doc.Lookup(key).StringValueOK(); ok {
			return &s
		}
		return nil
	}
	for key, field := range map[string]*string{"base_id": &r.Trace, "name": &r.Name, "timestamp": &r.Timestamp} {
		if s := text(key); s != nil {
			*field = *s
		}
	}
	r.Project, r.Service = text("project"), text("service")
	return r
}

// baseIDs returns the base ids of the documents that a filter selects.
func (d *store) baseIDs(ctx context.Context, c *mongo.Collection, filter bson.D) (map[string]bool, error) {
	ids := map[string]bool{}
	opts := options.Find().SetProjection(bson.D{{Key: "_id", Value: 0}, {Key: "base_id", Value: 1}})
	err := d.each(ctx, c, filter, opts, func(doc bson.Raw) bool {
		if id, ok := doc.Lookup("base_id").StringValueOK(); ok && !ids[id] {
			ids[id] = true
		}
		return true
	})
	return ids, err
}

// each calls do with the documents that a filter selects, in the store's order,
// until do returns false.
func (d *store) each(ctx context.Context, c *mongo.Collection, filter bson.D, opts *options.FindOptionsBuilder, do func(bson.Raw) bool) error {
	ctx, wait := d.limit.Begin(ctx)
	cursor, err := c.Find(ctx, filter, opts)
	if err != nil {
		return wait.End(explain(err))
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = cursor.Close(ctx)
	}()
	for wait.Heard(); cursor.Next(ctx); wait.Heard() {
		wait.Pause()
		if !do(cursor.Current) {
			return wait.End(nil)
		}
	}
	return wait.End(explain(cursor.Err()))
}
