package mongodb

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func (d *store) Notify(ctx context.Context, events []record.Event) error {
	if len(events) == 0 {
		return nil
	}
	d.makeIndex(ctx)
	all := make([]int, len(events))
	for i := range all {
		all[i] = i
	}
	b := makeBatch(events, all, false)
	refused, err := d.insert(ctx, b)
	if err != nil {
		return unsent(err)
	}
	maps.Copy(refused, b.tooLarge)
	if again := b.special(refused); len(again) > 0 {
		// What remains refused is so for another reason, and both belong to
		// the answer.
		still, err := d.insert(ctx, makeBatch(events, again, true))
		if err != nil {
			return explain(err)
		}
		for _, i := range again {
			if _, ok := still[i]; !ok {
				delete(refused, i)
			}
		}
	}
	if err := d.fileErrors(ctx, events, refused); err != nil {
		return explain(err)
	}
	return rejected(refused)
}

// write is one exchange that writes.
func (d *store) write(ctx context.Context, do func(context.Context) error) error {
	return d.limit.Do(ctx, func(ctx context.Context) error { return unsent(do(ctx)) })
}

// makeIndex makes the index on base_id once. It is tried again only if no
// server has looked at the attempt.
func (d *store) makeIndex(ctx context.Context) {
	if d.indexed.Swap(true) {
		return
	}
	err := d.write(ctx, func(ctx context.Context) error {
		_, err := d.records.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "base_id", Value: 1}}})
		return err
	})
	switch {
	case err == nil:
	case errors.Is(err, driver.ErrNoAnswer), errors.Is(err, record.ErrNotSent) && !hasCode(err, codeUnauthorized):
		d.indexed.Store(false)
	default:
		d.logger.Warn("no index on base_id of osprofiler.profiler: reading a trace will read the whole collection", "error", err)
	}
}

// maxDocument is the size of the largest document that MongoDB takes. The
// client refuses the whole batch with a larger one.
const maxDocument = 16 << 20

// batch is the documents of some events.
type batch struct {
	docs     []any
	events   []int         // which event each document is of
	strange  map[int]bool  // the events whose document a plain form would change
	tooLarge map[int]error // the events that have no document
}

func makeBatch(events []record.Event, indexes []int, plain bool) batch {
	b := batch{strange: map[int]bool{}, tooLarge: map[int]error{}}
	c := encoder{plain: plain}
	var ends []int
	from := 0
	for _, i := range indexes {
		e := &events[i]
		c.special = false
		c.document(recordID(e), e.JSON())
		if size := len(c.buf) - from; size > maxDocument {
			b.tooLarge[i] = fmt.Errorf("a record of %d bytes; MongoDB takes %d", size, maxDocument)
			c.buf = c.buf[:from]
			continue
		}
		from = len(c.buf)
		ends = append(ends, from)
		b.events = append(b.events, i)
		if c.special {
			b.strange[i] = true
		}
	}
	b.docs = make([]any, len(ends))
	from = 0
	for n, end := range ends {
		b.docs[n] = bson.Raw(c.buf[from:end])
		from = end
	}
	return b
}

// special returns those of the refused events that may be taken in plain form.
func (b *batch) special(refused map[int]error) (indexes []int) {
	for _, i := range b.events {
		if refused[i] != nil && b.strange[i] {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

// recordID is the ObjectID of a record: the seconds of its time, as ObjectIDs
// begin, and a hash of what identifies it.
func recordID(e *record.Event) []byte {
	var text [160]byte
	sum := sha256.Sum256(append(append(e.Point().Append(text[:0]), ' '), e.RecordName()...))
	return append(binary.BigEndian.AppendUint32(nil, uint32(e.Time()/int64(time.Second))), sum[:8]...)
}

// insert writes documents that are not there yet. It returns the events whose
// documents the server will never take, or an error if some may be missing for
// any other reason.
func (d *store) insert(ctx context.Context, b batch) (refused map[int]error, err error) {
	refused = map[int]error{}
	if len(b.docs) == 0 {
		return refused, nil
	}
	err = d.write(ctx, func(ctx context.Context) error {
		_, err := d.records.InsertMany(ctx, b.docs, options.InsertMany().SetOrdered(false))
		return err
	})
	var bulk mongo.BulkWriteException
	if !errors.As(err, &bulk) {
		return refused, err
	}
	if bulk.WriteConcernError != nil {
		return nil, err
	}
	for _, we := range bulk.WriteErrors {
		switch {
		case we.Code == codeDuplicateKey:
		case slices.Contains(permanent, we.Code):
			refused[b.events[we.Index]] = explain(we)
		default:
			return nil, err
		}
	}
	return refused, nil
}

func rejected(refused map[int]error) error {
	if len(refused) == 0 {
		return nil
	}
	e := &record.RejectedError{}
	for i := range refused {
		e.Indexes = append(e.Indexes, i)
	}
	slices.Sort(e.Indexes)
	e.Err = refused[e.Indexes[0]]
	return e
}

// fileErrors notes the traces with an error; the last one of a trace counts.
func (d *store) fileErrors(ctx context.Context, events []record.Event, refused map[int]error) error {
	if !d.fileErrs {
		return nil
	}
	var models []mongo.WriteModel
	at := map[string]int{}
	for i := range events {
		e := &events[i]
		if refused[i] != nil || !kit.HasError(e.Info()) {
			continue
		}
		base := e.Trace().String()
		timestamp := string(record.AppendTimestamp(nil, e.Time()))
		model := mongo.NewReplaceOneModel().SetUpsert(true).
			SetFilter(ofTrace(base)).
			SetReplacement(bson.D{{Key: "base_id", Value: base}, {Key: "timestamp", Value: timestamp}})
		if n, ok := at[base]; ok {
			models[n] = model
			continue
		}
		at[base] = len(models)
		models = append(models, model)
	}
	if len(models) == 0 {
		return nil
	}
	return d.write(ctx, func(ctx context.Context) error {
		_, err := d.failures.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
		return err
	})
}

// ofTrace selects the documents of one trace.
func ofTrace(baseID string) bson.D { return bson.D{{Key: "base_id", Value: baseID}} }

func ofTraces(baseIDs []string) bson.D {
	if len(baseIDs) == 0 {
		baseIDs = []string{} // not null, which $in does not take
	}
	return bson.D{{Key: "base_id", Value: bson.D{{Key: "$in", Value: baseIDs}}}}
}
