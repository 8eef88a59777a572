package sqlstore

import (
	"context"
	"database/sql"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/tracelist"
	"github.com/sonde-go/sonde/profiler"
)

// listPage is how many traces are read at a time.
const listPage = 500

// storable says whether text can be a column's value; what cannot is found in
// no row.
func storable(text string) bool {
	return utf8.ValidString(text) && !strings.Contains(text, "\x00")
}

// Traces implements [drivers.Driver]. It walks down the index of timestamps
// and stops at the rows that are the first of their trace, so that the newest
// traces cost no look at the old ones.
//
// A trace has failed if a stop record of it has an etype; OSProfiler's SQL
// driver files no errors.
func (s *Store) Traces(ctx context.Context, q drivers.Query) iter.Seq2[drivers.Trace, error] {
	return func(yield func(drivers.Trace, error) bool) {
		if err := s.usable(ctx); err != nil {
			yield(drivers.Trace{}, err)
			return
		}
		if !storable(q.Service) {
			return
		}
		left := q.Limit
		var after *traceRow
		for {
			page, err := s.tracePage(ctx, q, after)
			if err == nil && len(page) > 0 {
				err = s.markFailed(ctx, page)
			}
			if err != nil {
				if !s.dialect.NotFound(err) {
					yield(drivers.Trace{}, s.failed(ctx, err))
				}
				return
			}
			for i := range page {
				if q.ErrorsOnly && !page[i].Failed {
					continue
				}
				if !yield(page[i].Trace, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if len(page) < listPage {
				return
			}
			after = &page[len(page)-1]
		}
	}
}

// traceRow is a trace with the id of its first row.
type traceRow struct {
	drivers.Trace
	id int64
}

func (s *Store) tracePage(ctx context.Context, q drivers.Query, after *traceRow) ([]traceRow, error) {
	var b strings.Builder
	var args []any
	and := func(condition string, values ...any) {
		b.WriteString(" AND " + condition)
		args = append(args, values...)
	}
	b.WriteString("SELECT d.id, d.timestamp, d.base_id, d.project, d.service, d.name FROM data d WHERE d.base_id IS NOT NULL")
	if after != nil {
		and("d.timestamp <= ? AND (d.timestamp < ? OR d.id < ?)", after.Timestamp, after.Timestamp, after.id)
	}
	if !q.Since.IsZero() {
		and("d.timestamp >= ?", string(profiler.AppendTimestamp(nil, q.Since.UnixNano())))
	}
	// Not NOT EXISTS: some planners would join, and read the whole table for it.
	and("(SELECT e.id FROM data e WHERE " + s.dialect.Same("e.base_id", "d.base_id") +
		" AND (e.timestamp < d.timestamp OR e.timestamp = d.timestamp AND e.id < d.id) LIMIT 1) IS NULL")
	if q.Service != "" {
		same, values := s.dialect.sameAs("s.service", q.Service)
		and("EXISTS (SELECT 1 FROM data s WHERE "+s.dialect.Same("s.base_id", "d.base_id")+" AND "+same+")", values...)
	}
	b.WriteString(" ORDER BY d.timestamp DESC, d.id DESC LIMIT ?")
	limit := listPage
	if q.Limit > 0 && q.Limit < limit && !q.ErrorsOnly {
		limit = q.Limit
	}
	args = append(args, limit)

	rows, err := s.read.QueryContext(ctx, s.dialect.query(b.String()), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	page := make([]traceRow, 0, limit)
	for rows.Next() {
		var t traceRow
		var project, service, name sql.NullString
		if err := rows.Scan(&t.id, &t.Timestamp, &t.BaseID, &project, &service, &name); err != nil {
			return nil, err
		}
		t.Project, t.Service, t.Name = project.String, service.String, tracelist.PointName(name.String)
		page = append(page, t)
	}
	return page, rows.Err()
}

// markFailed looks for errors in the traces of a page. The database picks the
// few records that may be one, and their text decides.
func (s *Store) markFailed(ctx context.Context, page []traceRow) error {
	byID := make(map[string]*traceRow, len(page))
	args := make([]any, len(page))
	for i := range page {
		byID[page[i].BaseID] = &page[i]
		args[i] = page[i].BaseID
	}
	q := "SELECT d.base_id, " + s.dialect.DataText + " FROM data d WHERE d.base_id IN (" + Marks(len(page)) +
		") AND d.name LIKE '%stop' AND " + s.dialect.DataText + " LIKE '%etype%'"
	rows, err := s.read.QueryContext(ctx, s.dialect.query(q), args...)
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
		t := byID[base]
		if t == nil || t.Failed {
			continue
		}
		if r, err := decode(data); err == nil {
			t.Failed = tracelist.HasError(r.Info)
		}
	}
	return rows.Err()
}
