package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"math"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// Records implements [driver.Driver]: in the order in which they were
// inserted.
func (s *Store) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		if !storable(baseID) {
			return
		}
		same, args := s.dialect.sameAs("d.base_id", baseID)
		q := "SELECT d.id, d.timestamp, d.base_id, d.parent_id, d.trace_id, d.project, d.host, d.service, d.name, " + s.dialect.DataText +
			" FROM data d WHERE " + same
		page := s.dialect.PageRows
		if page > 0 {
			q += " AND d.id > ? ORDER BY d.id LIMIT ?"
			args = append(args, int64(math.MinInt64), page)
		} else {
			q += " ORDER BY d.id"
		}
		if page == 0 {
			s.records(ctx, q, args, yield)
			return
		}
		type item struct {
			r   record.Record
			err error
		}
		items := make([]item, 0, page)
		for {
			items = items[:0]
			last, ok := s.records(ctx, q, args, func(r record.Record, err error) bool {
				items = append(items, item{r, err})
				return true
			})
			for _, it := range items {
				if !yield(it.r, it.err) {
					return
				}
			}
			if !ok || len(items) < page {
				return
			}
			args[len(args)-2] = last
		}
	}
}

// records yields the rows of a query; last is the id of the last one. It is
// not ok after a failure, or when yield wants no more.
func (s *Store) records(ctx context.Context, q string, args []any, yield func(record.Record, error) bool) (last int64, ok bool) {
	rows, err := s.read.QueryContext(ctx, s.dialect.query(q), args...)
	if err != nil {
		if !s.dialect.NotFound(err) {
			yield(record.Record{}, err)
		}
		return 0, false
	}
	defer rows.Close()
	for rows.Next() {
		var timestamp, base, parent, trace, name sql.NullString
		var project, host, service *string
		var data []byte
		if err := rows.Scan(&last, &timestamp, &base, &parent, &trace, &project, &host, &service, &name, &data); err != nil {
			yield(record.Record{}, err)
			return 0, false
		}
		r, err := decode(data)
		r.Timestamp, r.Trace, r.Parent, r.Point, r.Name = timestamp.String, base.String, parent.String, trace.String, name.String
		r.Project, r.Host, r.Service = project, host, service
		switch {
		case err != nil:
		case r.Name == "":
			err = errNoName
		case r.Point == "":
			err = errNoTraceID
		}
		if err != nil {
			r, err = record.Record{}, &record.BadRecordError{Raw: rawOf(data), Err: err}
		}
		if !yield(r, err) {
			return 0, false
		}
	}
	if err := rows.Err(); err != nil {
		yield(record.Record{}, err)
		return 0, false
	}
	return last, true
}

var (
	errData      = errors.New("column data does not hold a JSON object")
	errNoName    = errors.New("no name")
	errNoTraceID = errors.New("no trace_id")
)

// decode reads column data: an object, or as OSProfiler stores it a string
// that holds one.
func decode(data []byte) (record.Record, error) {
	if from := jsontext.SkipSpace(data, 0); from < len(data) && data[from] == '"' {
		end := jsontext.Skip(data, from)
		if end < 0 || jsontext.SkipSpace(data, end) != len(data) {
			return record.Record{}, errData
		}
		data = jsontext.AppendUnquoted(nil, data[from:end])
	}
	var r record.Record
	isObject := jsontext.Members(data, func(key, value []byte) bool {
		if jsontext.KeyIs(key, "info") && value[0] == '{' {
			r.Info = value[:len(value):len(value)]
		}
		if jsontext.KeyIs(key, "sonde") {
			r.Number = record.ParseNumber(value)
		}
		return true
	})
	if !isObject {
		return record.Record{}, errData
	}
	r.Payload = data
	return r, nil
}

func rawOf(data []byte) []byte {
	if data == nil {
		return []byte("NULL")
	}
	return data
}
