package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
)

// mayTellOfError is the condition that a record's text has to be read to know
// whether it reports an error.
func (l *listing) mayTellOfError() string {
	return "d.name LIKE '%stop' AND " + l.s.dialect.DataText + " LIKE '%etype%'"
}

// rows reads the next rows down the index of timestamps: the base ids of those that
// may make a trace wanted, the timestamp of the last one, and whether there may be
// more. It names neither a window's end nor groups to the server, which may take both
// for reasons to read the whole table.
func (l *listing) rows(ctx context.Context) (ids []string, last string, more bool, err error) {
	tells := "1"
	if l.q.ErrorsOnly {
		tells = "CASE WHEN " + l.mayTellOfError() + " THEN 1 ELSE 0 END"
	}
	where, args := "d.timestamp >= ?", []any{l.span.From}
	if l.until != "" {
		where, args = where+" AND d.timestamp <= ?", append(args, l.until)
	}
	q := "SELECT d.timestamp, d.base_id, " + tells + " FROM data d WHERE " + where + " ORDER BY d.timestamp DESC LIMIT ? OFFSET ?"
	rows, err := l.s.read.QueryContext(ctx, l.s.dialect.query(q), append(args, l.size, l.ties)...)
	if err != nil {
		return nil, "", false, err
	}
	defer rows.Close()
	n, seen := 0, map[string]bool{}
	for rows.Next() {
		var id sql.NullString
		var may bool
		if err := rows.Scan(&last, &id, &may); err != nil {
			return nil, "", false, err
		}
		n++
		if last != l.until {
			l.until, l.ties = last, 0
		}
		l.ties++
		if id.Valid && may && !seen[id.String] && !l.known[id.String] {
			seen[id.String] = true
			ids = append(ids, id.String)
		}
	}
	return ids, last, n == l.size, rows.Err()
}

// meet looks traces up.
func (l *listing) meet(ctx context.Context, ids []string) ([]metTrace, error) {
	fits, args := "1 = 1", []any(nil)
	if l.q.Service != "" {
		fits, args = l.s.dialect.sameAs("d.service", l.q.Service)
	}
	q := "SELECT d.base_id, MIN(d.timestamp), MAX(CASE WHEN " + fits + " THEN 1 ELSE 0 END)" + l.s.dialect.ofTraces(len(ids)) + " GROUP BY " + l.s.dialect.ByBase
	rows, err := l.s.read.QueryContext(ctx, l.s.dialect.query(q), append(args, anys(ids)...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	met := make([]metTrace, 0, len(ids))
	for rows.Next() {
		var t metTrace
		var first sql.NullString
		if err := rows.Scan(&t.baseID, &first, &t.fits); err != nil {
			return nil, err
		}
		if t.first = first.String; first.Valid && !l.known[t.baseID] {
			met = append(met, t)
		}
	}
	return met, rows.Err()
}

// lines are the traces as they are listed, newest first. A trace that has been
// deleted meanwhile is left out.
func (l *listing) lines(ctx context.Context, met []metTrace) ([]driver.Trace, error) {
	found, err := l.firstRows(ctx, met)
	if err != nil {
		return nil, err
	}
	if err := l.markFailed(ctx, found); err != nil {
		return nil, err
	}
	var traces []driver.Trace
	for _, t := range found {
		if t.Failed || !l.q.ErrorsOnly {
			traces = append(traces, t.Trace)
		}
	}
	slices.SortFunc(traces, func(a, b driver.Trace) int {
		return newestFirst(a.Timestamp, a.ID, b.Timestamp, b.ID)
	})
	return traces, nil
}

// traceRow is a trace with the id of its first row.
type traceRow struct {
	driver.Trace
	id int64
}

// firstRows reads the first record of each trace.
func (l *listing) firstRows(ctx context.Context, met []metTrace) (map[string]*traceRow, error) {
	found := make(map[string]*traceRow, len(met))
	var ids, firsts []any
	for _, t := range met {
		found[t.baseID] = nil
		ids, firsts = append(ids, t.baseID), append(firsts, t.first)
	}
	q := "SELECT d.id, d.timestamp, d.base_id, d.project, d.service, d.name" + l.s.dialect.ofTraces(len(ids)) +
		" AND d.timestamp IN (" + Marks(len(firsts)) + ")"
	rows, err := l.s.read.QueryContext(ctx, l.s.dialect.query(q), append(ids, firsts...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t traceRow
		var project, service, name sql.NullString
		if err := rows.Scan(&t.id, &t.Timestamp, &t.ID, &project, &service, &name); err != nil {
			return nil, err
		}
		t.Project, t.Service, t.Name = project.String, service.String, kit.PointName(name.String)
		old, wanted := found[t.ID]
		if wanted && (old == nil || t.Timestamp < old.Timestamp || t.Timestamp == old.Timestamp && t.id < old.id) {
			found[t.ID] = &t
		}
	}
	for id, t := range found {
		if t == nil {
			delete(found, id)
		}
	}
	return found, rows.Err()
}

// markFailed looks for errors in the traces found. The database picks the few
// records that may tell of one, and their text decides.
func (l *listing) markFailed(ctx context.Context, found map[string]*traceRow) error {
	if len(found) == 0 {
		return nil
	}
	ids := make([]any, 0, len(found))
	for id := range found {
		ids = append(ids, id)
	}
	q := "SELECT d.base_id, " + l.s.dialect.DataText + l.s.dialect.ofTraces(len(ids)) + " AND " + l.mayTellOfError()
	rows, err := l.s.read.QueryContext(ctx, l.s.dialect.query(q), ids...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var base string
		var data []byte
		if err := rows.Scan(&base, &data); err != nil {
			return err
		}
		t := found[base]
		if t == nil || t.Failed {
			continue
		}
		if r, err := decode(data); err == nil {
			t.Failed = kit.HasError(r.Info)
		}
	}
	return rows.Err()
}
