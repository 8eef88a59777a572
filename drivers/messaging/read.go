package messaging

import (
	"bytes"
	"context"
	"iter"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

func (d *store) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return d.records(ctx, mentioner(baseID), func(r *record.Record) bool { return r.Trace == baseID })
}

// AllRecords implements [driver.BulkReader].
func (d *store) AllRecords(ctx context.Context) iter.Seq2[record.Record, error] {
	return d.records(ctx, func([]byte) bool { return true }, func(*record.Record) bool { return true })
}

// records yields the records that are wanted. May is a quick test of a message.
func (d *store) records(ctx context.Context, may func(body []byte) bool, wanted func(*record.Record) bool) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		var p record.Parser
		var seen recent
		stopped := false
		err := d.walk(ctx, func(m *amqp.Delivery) verdict {
			if !may(m.Body) {
				return keep
			}
			r, uniqueID, ok, err := parseRecord(&p, m)
			if err == nil && (!ok || !wanted(&r) || seen.before(uniqueID)) {
				return keep
			}
			if !yield(r, err) {
				stopped = true
				return stop
			}
			return keep
		})
		if err != nil && !stopped {
			yield(record.Record{}, err)
		}
	}
}

// mentioner returns a quick test of whether a message may be of a trace. One
// that cannot be read counts as one of the trace that it names.
func mentioner(baseID string) func(body []byte) bool {
	if _, err := header.ParseID(baseID); err != nil { // may be written in many ways
		return func([]byte) bool { return true }
	}
	id := []byte(baseID)
	return func(body []byte) bool { return bytes.Contains(body, id) }
}

// recent remembers the ids of the last messages.
type recent struct {
	ids  map[string]bool
	ring [4096]string
	next int
}

// before reports whether id has been asked about before, and remembers it. A
// message without an id is always new.
func (r *recent) before(id string) bool {
	if id == "" || r.ids[id] {
		return id != ""
	}
	if r.ids == nil {
		r.ids = map[string]bool{}
	}
	delete(r.ids, r.ring[r.next])
	r.ids[id] = true
	r.ring[r.next] = id
	r.next = (r.next + 1) % len(r.ring)
	return false
}

func (d *store) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		var p record.Parser
		list := kit.NewTraceList(q)
		err := d.walk(ctx, func(m *amqp.Delivery) verdict {
			if r, _, ok, _ := parseRecord(&p, m); ok && r.Trace != "" {
				list.Add(&r)
			}
			return keep
		})
		if err != nil {
			yield(driver.Trace{}, err)
			return
		}
		for _, t := range list.Sorted() {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// Delete takes the records of a trace out of the queue.
func (d *store) Delete(ctx context.Context, baseID string) error {
	mentions := mentioner(baseID)
	var p record.Parser
	return d.walk(ctx, func(m *amqp.Delivery) verdict {
		if mentions(m.Body) {
			if r, _, ok, _ := parseRecord(&p, m); ok && r.Trace == baseID {
				return take
			}
		}
		return keep
	})
}

// Prune takes the records of old traces out of the queue. It walks twice, since
// the last record of a trace decides.
func (d *store) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	limit := string(record.AppendTimestamp(nil, olderThan.UnixNano()))
	var p record.Parser
	old := map[string]bool{}
	err := d.walk(ctx, func(m *amqp.Delivery) verdict {
		if r, _, ok, _ := parseRecord(&p, m); ok {
			isOld, known := old[r.Trace]
			if !known {
				r.Trace = strings.Clone(r.Trace)
			}
			old[r.Trace] = r.Timestamp < limit && (isOld || !known)
		}
		return keep
	})
	if err != nil {
		return 0, err
	}
	pruned := map[string]bool{}
	err = d.walk(ctx, func(m *amqp.Delivery) verdict {
		r, _, ok, _ := parseRecord(&p, m)
		if !ok || !old[r.Trace] || r.Timestamp >= limit {
			return keep
		}
		pruned[r.Trace] = true
		return take
	})
	return len(pruned), err
}
