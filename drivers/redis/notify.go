package redis

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// Notify implements record.Sink: for each trace an entry in the index and one LPUSH,
// all in one round trip.
func (d *store) Notify(ctx context.Context, events []record.Event) error {
	if len(events) == 0 {
		return nil
	}
	b := d.batches.Get().(*batch)
	defer func() {
		b.reset()
		d.batches.Put(b)
	}()
	b.gather(events)
	pipe := d.client.Pipeline()
	for i := range b.groups {
		g := &b.groups[i]
		_ = pipe.Process(ctx, traceIndex.enter(ctx, g.base.String(), g.first))
		g.push = redis.NewIntCmd(ctx, g.args...)
		_ = pipe.Process(ctx, g.push)
		if d.config.ttl > 0 {
			pipe.Expire(ctx, g.key, d.config.ttl)
		}
	}
	if d.errors {
		for i := range events {
			// The search for a word spares most records the parsing.
			if e := &events[i]; bytes.Contains(e.Info(), etype) && kit.HasError(e.Info()) {
				base := e.Trace().String()
				_ = pipe.Process(ctx, failedIndex.enter(ctx, base, e.Time()))
				pipe.Set(ctx, errorPrefix+base, errorMark(base, e.Time()), d.config.ttl)
			}
		}
	}
	commands, err := pipe.Exec(ctx)
	if err != nil && onlyIndex(commands) {
		d.unindexed.Do(func() {
			d.logger.Warn("redis: traces cannot be entered in the index sonde:*, so lists of the newest may miss them", "error", err)
		})
		err = nil
	}
	if err != nil {
		return d.verdict(ctx, b, events, err)
	}
	d.forget(ctx)
	return nil
}

// sweepEvery is how often a store with a ttl looks for entries of the index whose
// traces have expired.
const sweepEvery = time.Hour

// forget keeps the index of a store with a ttl from growing. A failure leaves what is
// to be done to the next time.
func (d *store) forget(ctx context.Context) {
	now := time.Now()
	next := d.nextSweep.Load()
	if d.config.ttl == 0 || now.UnixNano() < next || !d.nextSweep.CompareAndSwap(next, now.Add(min(sweepEvery, d.config.ttl)).UnixNano()) {
		return
	}
	_ = d.sweep(ctx, now.Add(-d.config.ttl))
}

var etype = []byte("etype")

// errorMark is the value that files a trace with an error.
func errorMark(base string, nanos int64) []byte {
	b := append([]byte(`{"base_id": "`), base...)
	b = append(b, `", "timestamp": "`...)
	return append(record.AppendTimestamp(b, nanos), `"}`...)
}

// verdict says what became of a batch that did not go well.
func (d *store) verdict(ctx context.Context, b *batch, events []record.Event, err error) error {
	rejected := map[header.ID]bool{}
	var reason error
	sent := false // perhaps
	for i := range b.groups {
		g := &b.groups[i]
		stored, err := g.push.Result()
		if wrongType(err) {
			rejected[g.base] = true
			reason = fmt.Errorf("%s: %s: %w", d.limit.Store, g.key, err)
		}
		switch {
		case err == nil:
			// Without an error and without a length of the list the command
			// was not sent: the server refused the connection's password, say.
			sent = sent || stored > 0
		case !answered(err):
			// A cluster's client tries again by itself, so that a connection
			// which was not made tells nothing about the try before.
			sent = sent || !unsent(err) || d.config.topology == cluster
		}
	}
	if len(rejected) > 0 {
		var indexes []int
		for i := range events {
			if rejected[events[i].Trace()] {
				indexes = append(indexes, i)
			}
		}
		return &record.RejectedError{Indexes: indexes, Err: reason}
	}
	err = d.explain(ctx, err)
	if sent {
		return err
	}
	return fmt.Errorf("%w: %w", record.ErrNotSent, err)
}

// batch is the scratch space of one Notify.
type batch struct {
	text   []byte // all records
	values []value
	groups []group
	of     map[header.ID]int // the group of a trace
	member []int             // the group of each event
}

// group is what one trace gets of a batch.
type group struct {
	base  header.ID
	key   string
	args  []any // of LPUSH
	first int64 // the time of its first record
	push  *redis.IntCmd
}

// value is one record as go-redis takes it without another allocation.
type value struct{ record []byte }

func (v *value) MarshalBinary() ([]byte, error) { return v.record, nil }

// gather writes the records and sorts them by trace.
func (b *batch) gather(events []record.Event) {
	if b.of == nil {
		b.of = map[header.ID]int{}
	}
	ends := b.member[:0]
	for i := range events {
		b.text = events[i].AppendJSON(b.text)
		ends = append(ends, len(b.text))
	}
	b.member = ends
	b.values = slices.Grow(b.values[:0], len(events))[:len(events)]
	from, group := 0, -1
	for i := range events {
		v := &b.values[i]
		v.record = b.text[from:ends[i]]
		from = ends[i]
		if base := events[i].Trace(); group < 0 || b.groups[group].base != base {
			group = b.group(base)
		}
		g := &b.groups[group]
		g.args = append(g.args, v)
		g.first = min(g.first, events[i].Time())
	}
}

// group finds or makes the group of a trace.
func (b *batch) group(base header.ID) int {
	if i, ok := b.of[base]; ok {
		return i
	}
	i := len(b.groups)
	b.of[base] = i
	if i < cap(b.groups) { // with the memory of an earlier batch
		b.groups = b.groups[:i+1]
	} else {
		b.groups = append(b.groups, group{})
	}
	g := &b.groups[i]
	g.base, g.key, g.first = base, listPrefix+base.String(), math.MaxInt64
	g.args = append(g.args[:0], "lpush", g.key)
	return i
}

// maxKept is how many bytes of records a batch may hold for the next one.
const maxKept = 1 << 20

func (b *batch) reset() {
	if cap(b.text) > maxKept {
		*b = batch{}
		return
	}
	b.text = b.text[:0]
	clear(b.of)
	b.groups = b.groups[:0]
}
