package traces

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
)

// Query selects traces of a store. What its members beside drivers.Query say holds of
// the traces that drivers.Query selects: those of one page.
type Query struct {
	drivers.Query
	MinDuration time.Duration // only those that took as long
	Search      string        // only those with this text in their id, root, status, name or services; upper and lower case are the same
	Sort        string        // one of [Orders]; "" is the first of them
}

// Orders are what Query.Sort knows: the newest, the longest or the largest first.
func Orders() []string { return []string{"began", "duration", "points"} }

// orders are how two traces compare, but for the order of the store.
var orders = map[string]func(a, b Digest) int{
	"duration": func(a, b Digest) int { return cmp.Compare(b.Duration, a.Duration) },
	"points":   func(a, b Digest) int { return cmp.Compare(b.Points, a.Points) },
}

// Rearranges says whether all traces are needed before the first is known.
func (q *Query) Rearranges() bool {
	return q.MinDuration > 0 || q.Search != "" || orders[q.Sort] != nil
}

// List is a list of traces that is being made. It serves one reader, once.
type List struct {
	Query
	Store *drivers.Store
	Plain bool      // Digest may be missing where neither the query nor the store needs it
	Read  func(int) // is told how many traces have been read so far; nil: nobody is

	// What is known once the list is at its end.
	Page        int            // how many traces drivers.Query has selected
	First, Last drivers.Cursor // of these
	Searched    int            // how many were read in search of those that failed
	Unseen      string         // what the store has not looked at, if there may be more there
}

// All are the traces that the query selects, in the order that it asks for. An error
// is the last thing yielded.
func (l *List) All(ctx context.Context) iter.Seq2[Line, error] {
	page := l.noted(l.inPage(ctx))
	if !l.Rearranges() {
		return page
	}
	return func(yield func(Line, error) bool) {
		var kept []Line
		for t, err := range page {
			if err != nil {
				yield(Line{}, err)
				return
			}
			if l.has(&t) {
				kept = append(kept, t)
			}
		}
		if compare := orders[l.Sort]; compare != nil {
			slices.SortStableFunc(kept, func(a, b Line) int { return compare(a.OrZero(), b.OrZero()) })
		}
		for _, t := range kept {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// has says whether a trace of the page is one of those that are looked for.
func (q *Query) has(t *Line) bool {
	d := t.OrZero()
	if q.MinDuration > 0 && (t.Digest == nil || d.Duration < q.MinDuration) {
		return false
	}
	contains := func(text string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(q.Search)) }
	return contains(t.ID) || contains(d.Root) || contains(d.Status) || contains(t.Name) || contains(t.Service) || slices.ContainsFunc(d.Services, contains)
}

// noted notes what is passed on.
func (l *List) noted(traces iter.Seq2[Line, error]) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for t, err := range traces {
			if err == nil {
				l.Page++
				l.Last = t.Cursor()
				l.First = cmp.Or(l.First, l.Last)
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

// inPage are the traces that drivers.Query selects.
func (l *List) inPage(ctx context.Context) iter.Seq2[Line, error] {
	l.Query.Unseen = func(what string) { l.Unseen = what }
	switch {
	case l.ErrorsOnly && l.Store.Terms().Filed:
		return l.failures(ctx)
	case l.Plain && !l.Rearranges():
		return undigested(l.Store.Traces(ctx, l.Query.Query))
	}
	return l.read(ctx, collected(l.Store.Traces(ctx, l.Query.Query)))
}

// read reads the traces.
func (l *List) read(ctx context.Context, traces iter.Seq2[drivers.Trace, error]) iter.Seq2[Line, error] {
	lines := digested(ctx, l.Store, traces)
	if l.Read == nil {
		return lines
	}
	return func(yield func(Line, error) bool) {
		n := 0
		for t, err := range lines {
			n++
			l.Read(n)
			if !yield(t, err) {
				return
			}
		}
	}
}

// failures are the traces that a query for failed ones selects in a store that knows
// only those that services have filed: every trace is read, the newest first, until
// there are enough.
func (l *List) failures(ctx context.Context) iter.Seq2[Line, error] {
	q := l.Query.Query
	limit := q.Limit
	q.Limit, q.ErrorsOnly = 0, false
	return func(yield func(Line, error) bool) {
		var nearest []Line // to l.After
		found := 0
		for t, err := range l.read(ctx, l.Store.Traces(ctx, q)) {
			if err != nil {
				yield(Line{}, err)
				return
			}
			l.Searched++
			if failed, _ := t.HasFailed(); !failed {
				continue
			}
			if limit > 0 && l.After != "" {
				nearest = append(nearest, t)
				continue
			}
			if found++; !yield(t, nil) || found == limit {
				return
			}
		}
		for _, t := range nearest[max(0, len(nearest)-limit):] {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// Pages are the places from which the pages beside this one go on, "" where there is
// none: the older one's is for drivers.Query.Before, the newer one's for After.
func (l *List) Pages() (older, newer drivers.Cursor) {
	full := l.Limit > 0 && l.Page == l.Limit
	if full || l.After != "" {
		older = l.Last
	}
	if l.Before != "" || l.After != "" && full {
		newer = l.First
	}
	return older, newer
}

// collected are the same traces once all have come, so that the store is not asked
// for records while it lists traces: some have but one connection.
func collected(traces iter.Seq2[drivers.Trace, error]) iter.Seq2[drivers.Trace, error] {
	return func(yield func(drivers.Trace, error) bool) {
		var all []drivers.Trace
		for t, err := range traces {
			if err != nil {
				yield(t, err)
				return
			}
			all = append(all, t)
		}
		for _, t := range all {
			if !yield(t, nil) {
				return
			}
		}
	}
}
