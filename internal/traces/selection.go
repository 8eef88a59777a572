package traces

import (
	"context"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/profile"
)

// Selection chooses traces of a store that are looked at together.
type Selection struct {
	Service       string    // only those in which this service took part
	Name          string    // only those whose root is of this name, or did what it says
	Since, Before time.Time // only those that began at or after the one and before the other
	Limit         int       // how many of a group at most, the newest; 0: no limit
}

// Profiles adds the traces that are selected, the newest first: those that began
// before split to the first profile, and the others to the second. Without split all
// are others. After each trace that is added it calls added, if that is not nil.
func (s *Selection) Profiles(ctx context.Context, store *drivers.Store, split time.Time, added func(*report.Report)) (before, after *profile.Profile, err error) {
	full := func(p *profile.Profile) bool { return s.Limit > 0 && p.Traces >= s.Limit }
	before, after = profile.New(), profile.New()
	q := drivers.Query{Since: s.Since, Service: s.Service, Limit: mostListed}
	if s.Limit > 0 {
		q.Limit = min(q.Limit, s.Limit)
	}
	for !full(after) || !split.IsZero() && !full(before) {
		page, err := listPage(ctx, store, q)
		if err != nil {
			return nil, nil, err
		}
		for _, t := range page {
			p := after
			if t.began.Before(split) {
				p = before
			}
			if full(p) || !s.Before.IsZero() && !t.began.Before(s.Before) {
				continue
			}
			r, err := Records(ctx, store, t.id)
			if err != nil {
				return nil, nil, err
			}
			if s.Name == "" || rootIs(r, s.Name) {
				p.Add(r)
				if added != nil {
					added(r)
				}
			}
		}
		last := len(page) - 1
		if len(page) < q.Limit || page[last].place == q.Before {
			break
		}
		q.Before = page[last].place
	}
	return before, after, nil
}

// listed is a line of a list of traces. One whose time cannot be read began when time
// did.
type listed struct {
	id    string
	began time.Time
	place drivers.Cursor
}

// mostListed is how many traces are listed before they are read, since not every store
// does both at once.
const mostListed = 500

// listPage lists some traces.
func listPage(ctx context.Context, store *drivers.Store, q drivers.Query) (list []listed, err error) {
	for t, err := range store.Traces(ctx, q) {
		if err != nil {
			return nil, err
		}
		began, _ := Began(&t)
		list = append(list, listed{strings.Clone(t.ID), began, t.Cursor()})
	}
	return list, nil
}

// rootIs says whether a trace's root is a point of that name, or did what it says.
func rootIs(r *report.Report, name string) bool {
	head, steps := findings.Steps(r, findings.Options{})
	for s := range steps {
		if s.Point == head.Point {
			return s.Title == name || s.Point.Name == name || s.Does.What == name
		}
	}
	return false
}
