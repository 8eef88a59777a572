package kit

import (
	"cmp"
	"container/heap"
	"context"
	"iter"
	"slices"

	"github.com/sonde-go/sonde/drivers/driver"
)

// Newest lists traces, newest first, for a store that finds records by time but
// knows no trace's beginning before it has read the trace. What it reads depends on
// how many traces are wanted, not on how many there are.
//
// A query's Before spares no reading: a trace of which a late record is known may
// have begun long before.
type Newest struct {
	// Next returns more candidates, those with the latest bounds first: none that
	// a later call returns has a bound after rest. It may return a trace again. At
	// the end, when there is nothing more to come, rest is "".
	Next func(ctx context.Context) (found []Candidate, rest string, err error)

	// Read reads traces, and returns those that the query selects, in any order.
	Read func(ctx context.Context, ids []string) ([]driver.Trace, error)

	// AtOnce is how many traces Read reads at most.
	AtOnce int
}

// Candidate is a trace that may belong into a list. Bound is the timestamp of one of
// its records, or a later one: the trace began then or before.
type Candidate struct{ ID, Bound string }

// Unbounded sorts after every timestamp. It is the Bound of a trace about which
// nothing is known.
const Unbounded = "\xff"

// fewest is how many traces are read at least, since some of them may not be
// selected.
const fewest = 4

// Traces yields the traces that q selects.
func (n Newest) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		w := newestWalk{Newest: n, span: q.Span(), known: map[string]bool{}, rest: Unbounded}
		for left := q.Limit; ; {
			for t, ok := w.certain(); ok; t, ok = w.certain() {
				if !yield(t, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if w.rest == "" && len(w.open) == 0 {
				return
			}
			atOnce := n.AtOnce
			if left > 0 {
				atOnce = min(atOnce, max(left, fewest))
			}
			if err := w.step(ctx, atOnce); err != nil {
				yield(driver.Trace{}, err)
				return
			}
		}
	}
}

// newestWalk is one list.
type newestWalk struct {
	Newest
	span  driver.Span
	known map[string]bool
	rest  string         // no candidate to come has a later bound; "": none comes
	open  candidates     // not yet read
	ready []driver.Trace // read and not yet yielded, newest first
}

// certain takes the newest trace, once no other can be before it.
func (w *newestWalk) certain() (t driver.Trace, ok bool) {
	if len(w.ready) == 0 || w.ready[0].Timestamp <= w.rest || len(w.open) > 0 && w.ready[0].Timestamp <= w.open[0].Bound {
		return t, false
	}
	t, w.ready = w.ready[0], w.ready[1:]
	return t, true
}

// step reads the candidates with the latest bounds, or asks for more if there may be
// some with later ones.
func (w *newestWalk) step(ctx context.Context, atOnce int) error {
	if len(w.open) == 0 || w.open[0].Bound < w.rest {
		return w.fetch(ctx)
	}
	var ids []string
	for len(ids) < atOnce && len(w.open) > 0 && w.open[0].Bound >= w.rest {
		ids = append(ids, heap.Pop(&w.open).(Candidate).ID)
	}
	traces, err := w.Read(ctx, ids)
	if err != nil {
		return err
	}
	for _, t := range traces {
		if t.Timestamp != "" && w.span.Has(t.Timestamp, t.ID) {
			w.ready = append(w.ready, t)
		}
	}
	slices.SortFunc(w.ready, newestFirst)
	return nil
}

func (w *newestWalk) fetch(ctx context.Context) error {
	found, rest, err := w.Next(ctx)
	if err != nil {
		return err
	}
	for _, c := range found {
		if !w.known[c.ID] && c.Bound >= w.span.From {
			w.known[c.ID] = true
			heap.Push(&w.open, c)
		}
	}
	if w.rest = rest; rest < w.span.From {
		w.rest = ""
	}
	return nil
}

// newestFirst compares two traces as lists order them.
func newestFirst(a, b driver.Trace) int {
	return cmp.Or(cmp.Compare(b.Timestamp, a.Timestamp), cmp.Compare(b.ID, a.ID))
}

// candidates is a heap with the latest bound on top.
type candidates []Candidate

func (h candidates) Len() int           { return len(h) }
func (h candidates) Less(i, j int) bool { return h[i].Bound > h[j].Bound }
func (h candidates) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *candidates) Push(c any)        { *h = append(*h, c.(Candidate)) }
func (h *candidates) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
