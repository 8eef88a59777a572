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
	return d.purge(ctx, stream, jetstream.WithPurgeSubject(subject))
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
	subject     string
	timestamp   string // of its last record, "" if none can be read
	first, last uint64 // messages
}

// Prune removes old traces, up to the last message that it has seen of each.
func (d *store) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	old, kept, err := d.ages(ctx, olderThan)
	if err != nil || len(old) == 0 {
		return 0, err
	}
	stream, err := d.stream(ctx)
	if err != nil || stream == nil {
		return 0, err
	}
	pruned := 0
	if slices.ContainsFunc(old, func(a *age) bool { return a.first < kept }) {
		if err := d.purge(ctx, stream, d.before(stream, kept)...); err != nil {
			return 0, err
		}
		n := len(old)
		old = slices.DeleteFunc(old, func(a *age) bool { return a.last < kept })
		pruned = n - len(old)
	}
	n, err := d.purgeEach(ctx, stream, old)
	return pruned + n, err
}

// ages looks at all messages. It returns the traces that are old, and the first
// message of one that is not.
func (d *store) ages(ctx context.Context, olderThan time.Time) (old []*age, kept uint64, err error) {
	traces := map[string]*age{}
	end := uint64(0)
	err = d.walk(ctx, d.config.subjects(), func(subject string, seq uint64, payload []byte) bool {
		a := traces[subject]
		if a == nil {
			a = &age{subject: strings.Clone(subject), first: seq}
			traces[a.subject] = a
		}
		if r, err := record.Parse(payload); err == nil && r.Timestamp > a.timestamp {
			a.timestamp = strings.Clone(r.Timestamp)
		}
		a.last, end = seq, seq
		return true
	})
	limit := string(record.AppendTimestamp(nil, olderThan.UnixNano()))
	kept = end + 1
	for _, a := range traces {
		if a.timestamp != "" && a.timestamp < limit {
			old = append(old, a)
		} else {
			kept = min(kept, a.first)
		}
	}
	return old, kept, err
}

// before selects the records before a message. What others keep in the stream
// stays.
func (d *store) before(stream jetstream.Stream, seq uint64) []jetstream.StreamPurgeOpt {
	what := []jetstream.StreamPurgeOpt{jetstream.WithPurgeSequence(seq)}
	if subjects := stream.CachedInfo().Config.Subjects; len(subjects) != 1 || subjects[0] != d.config.subjects() {
		what = append(what, jetstream.WithPurgeSubject(d.config.subjects()))
	}
	return what
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
				failed := d.purge(ctx, stream, jetstream.WithPurgeSubject(a.subject), jetstream.WithPurgeSequence(a.last+1))
				mu.Lock()
				if failed == nil {
					pruned++
				} else if err == nil {
					err = failed
				}
				mu.Unlock()
			}
		}()
	}
	workers.Wait()
	return pruned, err
}
