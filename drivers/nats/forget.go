package nats

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/record"
)

// Delete removes the messages of a trace.
func (d *store) Delete(ctx context.Context, baseID string) error {
	subject, ok := d.config.subject(baseID)
	if !ok {
		return nil
	}
	stream, err := d.stream(ctx)
	if err != nil || stream == nil {
		return err
	}
	if err := d.purge(ctx, stream, jetstream.WithPurgeSubject(subject)); err != nil {
		return err
	}
	return d.purge(ctx, stream, jetstream.WithPurgeSubject(d.config.entriesOf(baseID)))
}

// stream is the stream, nil if there is none.
func (d *store) stream(ctx context.Context) (jetstream.Stream, error) {
	js, err := d.jetStream(ctx)
	if err != nil {
		return nil, explain(err)
	}
	stream, err := d.find(ctx, js)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	return stream, explain(err)
}

// purge removes messages. It asks once, since a purge may be much work.
func (d *store) purge(ctx context.Context, stream jetstream.Stream, what ...jetstream.StreamPurgeOpt) error {
	limited, wait := d.limit.Begin(ctx)
	// The client would give up a context without a deadline after five seconds.
	limited, cancel := context.WithTimeout(limited, d.limit.Time+time.Minute)
	defer cancel()
	err := wait.End(stream.Purge(limited, what...))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	return explain(err)
}

// purges is how many purges go on at the same time: each holds up the stream's
// writers while it goes on.
const purges = 4

// age is what Prune has to know of a trace.
type age struct {
	id          string
	timestamp   string   // of its last record, "" if none can be read; without records, of its last entry
	first, last uint64   // messages, those of the index among them
	recorded    bool     // has records, not just entries in the index
	days        []string // under which it is in the index
}

// Prune removes old traces, up to the last message that it has seen of each.
func (d *store) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	old, kept, empty, err := d.ages(ctx, olderThan)
	if err != nil || len(old) == 0 {
		return 0, err
	}
	stream, err := d.stream(ctx)
	if err != nil || stream == nil {
		return 0, err
	}
	pruned := 0
	if slices.ContainsFunc(old, func(a *age) bool { return a.first < kept }) {
		for _, subjects := range []string{d.config.subjects(), d.config.traceEntries()} {
			if err := d.purge(ctx, stream, jetstream.WithPurgeSequence(kept), jetstream.WithPurgeSubject(subjects)); err != nil {
				return 0, err
			}
		}
		old = slices.DeleteFunc(old, func(a *age) bool {
			if a.last < kept && a.recorded {
				pruned++
			}
			return a.last < kept
		})
	}
	n, err := d.purgeEach(ctx, stream, old)
	if err != nil {
		return pruned + n, err
	}
	return pruned + n, d.purgeDays(ctx, stream, empty)
}

// ages looks at all messages. It returns the traces that are old, the first message
// of one that is not, and the days under which the index will have no trace.
func (d *store) ages(ctx context.Context, olderThan time.Time) (old []*age, kept uint64, empty []string, err error) {
	traces := map[string]*age{}
	end := uint64(0)
	look := func(subject string, seq uint64) *age {
		id := subject[strings.LastIndexByte(subject, '.')+1:]
		a := traces[id]
		if a == nil {
			a = &age{id: strings.Clone(id), first: seq}
			traces[a.id] = a
		}
		a.first, a.last, end = min(a.first, seq), max(a.last, seq), max(end, seq)
		return a
	}
	// The index first: of what is written meanwhile, nothing seems to be without
	// records.
	entries := d.config.stream + ".index.trace."
	err = d.walk(ctx, d.config.traceEntries(), func(subject string, seq uint64, _ []byte) bool {
		a := look(subject, seq)
		c, ok := candidate(subject)
		if !ok {
			return true
		}
		a.timestamp = max(a.timestamp, c.Bound)
		if day := strings.Clone(subject[len(entries):][:len(dayLayout)]); !slices.Contains(a.days, day) {
			a.days = append(a.days, day)
		}
		return true
	})
	if err != nil {
		return nil, 0, nil, err
	}
	err = d.walk(ctx, d.config.subjects(), func(subject string, seq uint64, payload []byte) bool {
		a := look(subject, seq)
		if !a.recorded {
			a.recorded, a.timestamp = true, ""
		}
		if r, err := record.Parse(payload); err == nil && r.Timestamp > a.timestamp {
			a.timestamp = strings.Clone(r.Timestamp)
		}
		return true
	})
	limit := string(record.AppendTimestamp(nil, olderThan.UnixNano()))
	left := map[string]bool{} // of these days
	kept = end + 1
	for _, a := range traces {
		if a.timestamp != "" && a.timestamp < limit {
			old = append(old, a)
			for _, day := range a.days {
				if !left[day] {
					left[day] = false
				}
			}
			continue
		}
		kept = min(kept, a.first)
		for _, day := range a.days {
			left[day] = true
		}
	}
	today := olderThan.UTC().Format(dayLayout)
	for day, some := range left {
		if !some && day < today {
			empty = append(empty, day)
		}
	}
	return old, kept, empty, err
}

// purgeDays removes days without traces from the index.
func (d *store) purgeDays(ctx context.Context, stream jetstream.Stream, days []string) error {
	for _, day := range days {
		for _, subjects := range []string{d.config.minutes(day), d.config.stream + ".index.day." + day} {
			if err := d.purge(ctx, stream, jetstream.WithPurgeSubject(subjects)); err != nil {
				return err
			}
		}
	}
	return nil
}

// purgeEach removes traces one by one, and returns how many.
func (d *store) purgeEach(ctx context.Context, stream jetstream.Stream, traces []*age) (pruned int, err error) {
	var mu sync.Mutex // of what follows
	next := func() *age {
		mu.Lock()
		defer mu.Unlock()
		if len(traces) == 0 || err != nil {
			return nil
		}
		a := traces[0]
		traces = traces[1:]
		return a
	}
	var workers sync.WaitGroup
	for range min(purges, len(traces)) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for a := next(); a != nil; a = next() {
				failed := d.purge(ctx, stream, jetstream.WithPurgeSubject(d.config.stream+"."+a.id), jetstream.WithPurgeSequence(a.last+1))
				if failed == nil && len(a.days) > 0 {
					failed = d.purge(ctx, stream, jetstream.WithPurgeSubject(d.config.entriesOf(a.id)), jetstream.WithPurgeSequence(a.last+1))
				}
				mu.Lock()
				switch {
				case failed == nil && a.recorded:
					pruned++
				case failed != nil && err == nil:
					err = failed
				}
				mu.Unlock()
			}
		}()
	}
	workers.Wait()
	return pruned, err
}
