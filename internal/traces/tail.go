package traces

import (
	"bytes"
	"context"
	"iter"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
)

// lateFor is for how long records of a trace that has ended are still looked for.
const lateFor = 10 * time.Second

// Tail follows the newest traces of a store. It is not safe for concurrent use.
type Tail struct {
	Query // Limit is how many of the newest are followed
	Store *drivers.Store

	known map[string]*followed
}

// followed is a trace that a tail knows.
type followed struct {
	line  []byte // as it was last yielded, nil before
	since time.Time
	ended bool
}

// Next looks at the store once, and yields the lines of traces that are new or have
// changed since it did before, the newest first. An error is the last thing yielded;
// Next may be called again after it.
func (t *Tail) Next(ctx context.Context) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		page, err := t.look(ctx)
		if err != nil {
			yield(Line{}, err)
			return
		}
		changing := func(yield func(drivers.Trace, error) bool) {
			for _, trace := range page {
				f := t.known[trace.ID]
				if f.ended && time.Since(f.since) > lateFor {
					continue
				}
				if !yield(trace, nil) {
					return
				}
			}
		}
		for line, err := range digested(ctx, t.Store, changing) {
			if err != nil {
				yield(Line{}, err)
				return
			}
			f := t.known[line.ID]
			f.ended = line.OrZero().Ended
			if now := AppendLine(nil, &line); !bytes.Equal(now, f.line) {
				f.line, f.since = now, time.Now()
				if t.wants(&line) && !yield(line, nil) {
					return
				}
			}
		}
	}
}

// look lists the newest traces, and forgets all others.
func (t *Tail) look(ctx context.Context) (page []drivers.Trace, err error) {
	q := t.Query.Query
	q.ErrorsOnly = q.ErrorsOnly && !t.Store.Terms().Filed
	known := make(map[string]*followed, len(t.known))
	for trace, err := range t.Store.Traces(ctx, q) {
		if err != nil {
			return nil, err
		}
		f := t.known[trace.ID]
		if f == nil {
			f = &followed{since: time.Now()}
		}
		known[strings.Clone(trace.ID)] = f
		page = append(page, trace)
	}
	t.known = known
	return page, nil
}

// wants says whether a trace is one of those that the query selects.
func (t *Tail) wants(line *Line) bool {
	failed, _ := line.HasFailed()
	return t.has(line) && (failed || !t.ErrorsOnly)
}
