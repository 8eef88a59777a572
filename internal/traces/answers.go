package traces

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/profile"
)

// WriteTrace answers with a whole trace, as "trace show --format json" does. id is as
// [Resolve] takes it.
func WriteTrace(ctx context.Context, w io.Writer, store *drivers.Store, id string) error {
	r, err := Read(ctx, store, id)
	if err != nil {
		return err
	}
	return document.Write(w, r, report.Options{Now: AsOf(r)})
}

// WriteFindings answers with what was found in a trace.
func WriteFindings(ctx context.Context, w io.Writer, store *drivers.Store, id string) error {
	r, err := Read(ctx, store, id)
	if err != nil {
		return err
	}
	return document.WriteFindings(w, r, report.Options{Now: AsOf(r)})
}

// WritePoint answers with one point of a trace.
func WritePoint(ctx context.Context, w io.Writer, store *drivers.Store, id, point string) error {
	r, err := Read(ctx, store, id)
	if err != nil {
		return err
	}
	p, err := r.Lookup(point)
	if err != nil {
		return fmt.Errorf("point %w: %w", ErrNotFound, err)
	}
	return document.WritePoint(w, r, p.ID(), report.Options{Now: AsOf(r)})
}

// WriteDiff answers with what differs between two traces, as "trace diff --format
// json" does.
func WriteDiff(ctx context.Context, w io.Writer, store *drivers.Store, a, b string) error {
	sides := [2]*profile.Profile{}
	for i, id := range []string{a, b} {
		r, err := Read(ctx, store, id)
		if err != nil {
			return err
		}
		sides[i] = profile.New()
		sides[i].Add(r)
	}
	return document.WriteDiff(w, diff.Of(sides[0], sides[1]), nil)
}

// WriteStats answers with what the traces of a selection say together, as "trace stats
// --format json" does. Its error wraps [ErrNotFound] if none is selected.
func WriteStats(ctx context.Context, w io.Writer, store *drivers.Store, s Selection) error {
	_, p, err := s.Profiles(ctx, store, time.Time{}, nil)
	if err != nil {
		return err
	}
	if p.Traces == 0 {
		return fmt.Errorf("such traces were %w in %s", ErrNotFound, store.URL())
	}
	return document.WriteProfile(w, p, p.Explain(p.Kinds()[0]))
}
