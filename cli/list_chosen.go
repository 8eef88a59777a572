package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	"github.com/sonde-go/sonde/drivers"
)

// list is a list that is being made.
type list struct {
	*listCmd
	d        *drivers.Store
	progress io.Writer

	page        int            // how many traces --limit and its like have chosen
	first, last drivers.Cursor // of these
	searched    int            // how many were read in search of those that failed
	unseen      string         // what the store has not looked at
}

// chosen are the traces that the flags choose, in the order that they ask for.
func (l *list) chosen(ctx context.Context) iter.Seq2[listLine, error] {
	page := l.noted(l.inPage(ctx))
	if !l.rearranges() {
		return page
	}
	return func(yield func(listLine, error) bool) {
		var kept []listLine
		for t, err := range page {
			if err != nil {
				yield(listLine{}, err)
				return
			}
			if l.MinDuration == 0 || t.digest != nil && t.duration >= l.MinDuration {
				kept = append(kept, t)
			}
		}
		if compare := orders[l.Sort]; compare != nil {
			slices.SortStableFunc(kept, func(a, b listLine) int { return compare(a.orZero(), b.orZero()) })
		}
		for _, t := range kept {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// noted notes what is passed on.
func (l *list) noted(traces iter.Seq2[listLine, error]) iter.Seq2[listLine, error] {
	return func(yield func(listLine, error) bool) {
		for t, err := range traces {
			if err == nil {
				l.page++
				l.last = t.Cursor()
				l.first = cmp.Or(l.first, l.last)
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

// inPage are the traces that all flags but those that rearrange choose.
func (l *list) inPage(ctx context.Context) iter.Seq2[listLine, error] {
	q := drivers.Query{Limit: int(l.Limit), Since: l.Since.Time, Service: l.Service, ErrorsOnly: l.ErrorTrace,
		Before: drivers.Cursor(l.Before), After: drivers.Cursor(l.After), Unseen: func(what string) { l.unseen = what }}
	switch {
	case l.ErrorTrace && l.d.Terms().Filed:
		return l.failures(ctx, q)
	case l.JSON && !l.rearranges():
		return undigested(l.d.Traces(ctx, q))
	}
	return l.read(ctx, collected(l.d.Traces(ctx, q)))
}

// read reads the traces.
func (l *list) read(ctx context.Context, traces iter.Seq2[drivers.Trace, error]) iter.Seq2[listLine, error] {
	return counted(l.progress, "trace", digested(ctx, l.d, traces))
}

// failures are the traces that a query for failed ones selects in a store that knows
// only those that services have filed: every trace is read, the newest first, until
// there are enough.
func (l *list) failures(ctx context.Context, q drivers.Query) iter.Seq2[listLine, error] {
	limit := q.Limit
	q.Limit, q.ErrorsOnly = 0, false
	return func(yield func(listLine, error) bool) {
		var nearest []listLine // to l.After
		found := 0
		for t, err := range l.read(ctx, l.d.Traces(ctx, q)) {
			if err != nil {
				yield(listLine{}, err)
				return
			}
			l.searched++
			if failed, _ := t.hasFailed(); !failed {
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

// sayOver says among how many traces the order and the shortest duration hold, and
// how many were read to find those that failed.
func (l *list) sayOver(w io.Writer, n int) {
	if l.searched > 0 {
		fmt.Fprintf(w, "sonde: %d of %s failed; this store knows only what services have filed, so they were read\n", l.page, plural(l.searched, "trace"))
	}
	over := "all " + plural(l.page, "trace")
	switch {
	case l.page == 0 || !l.rearranges():
		return
	case l.Before != "" || l.After != "":
		over = "the " + plural(l.page, "trace") + " of this page"
	case l.page == int(l.Limit):
		over = "the " + strconv.Itoa(l.page) + " newest (--limit, --since)"
	}
	if l.MinDuration > 0 {
		fmt.Fprintf(w, "sonde: %d of %s took %v or longer\n", n, over, l.MinDuration)
		return
	}
	fmt.Fprintf(w, "sonde: the order is that of %s\n", over)
}

// sayPages says how to get to the pages beside this one, where there may be such.
func (l *list) sayPages(w io.Writer) {
	full := l.page == int(l.Limit)
	if full || l.After != "" {
		fmt.Fprintf(w, "sonde: older traces: --page-before %s\n", l.last)
	}
	if l.Before != "" || l.After != "" && full {
		fmt.Fprintf(w, "sonde: newer traces: --page-after %s\n", l.first)
	}
}
