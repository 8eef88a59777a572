package traces

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/report"
)

// ErrNotFound is wrapped by the error of [Read] for a trace of which the store has no
// record that can be read.
var ErrNotFound = errors.New("not found")

// Read reads the trace that text means, as [Resolve] takes it.
func Read(ctx context.Context, store *drivers.Store, text string) (*report.Report, error) {
	id, err := Resolve(ctx, store, text)
	if err != nil {
		return nil, err
	}
	r, err := Records(ctx, store, id)
	switch {
	case err != nil:
		return nil, err
	case r.Len() == 0 && len(r.Warnings) > 0:
		w := r.Warnings[0]
		return nil, fmt.Errorf("trace %s %w in %s: no record of it can be read: %s: %s", id, ErrNotFound, store.URL(), w.Problem, w.Example)
	case r.Len() == 0:
		return nil, fmt.Errorf("trace %s %w in %s", id, ErrNotFound, store.URL())
	}
	return r, nil
}

// Records reads a trace by its whole id. It has no points if the store has none of it.
func Records(ctx context.Context, store *drivers.Store, id string) (*report.Report, error) {
	r, err := report.Build(store.Records(ctx, id))
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", id, err)
	}
	return r, nil
}

// runsFor is how old the last record of a trace may be that is taken to run on.
const runsFor = time.Hour

// AsOf is when a trace was read from a store, that is now; zero if it has ended in
// some way.
func AsOf(r *report.Report) time.Time {
	now := time.Now()
	if r.Unfinished() > 0 && now.Sub(r.Began().Add(r.Duration())) < runsFor {
		return now
	}
	return time.Time{}
}

// Ended reports whether the roots of a trace have stops, and there are any.
func Ended(r *report.Report) bool {
	for p := range r.Roots() {
		if !p.HasStop {
			return false
		}
	}
	return r.Len() > 0
}
