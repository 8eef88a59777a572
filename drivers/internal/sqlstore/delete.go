package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/sonde-go/sonde/record"
)

// Delete implements [driver.Deleter].
func (s *Store) Delete(ctx context.Context, baseID string) error {
	if !storable(baseID) {
		return nil
	}
	same, args := s.dialect.sameAs("base_id", baseID)
	err := s.exec(ctx, "DELETE FROM data WHERE "+same, args...)
	if err != nil && s.dialect.NotFound(err) {
		return nil
	}
	return err
}

// Prune looks at PrunePage traces at a time, and deletes pruneBatch at a time,
// so that no transaction is long.
const (
	PrunePage  = 5000
	pruneBatch = 100
)

// Prune implements [driver.Pruner].
func (s *Store) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	limit := string(record.AppendTimestamp(nil, olderThan.UnixNano()))
	pruned, after := 0, ""
	for {
		ids, err := s.texts(ctx, "SELECT base_id FROM data WHERE timestamp < ? AND base_id > ? GROUP BY base_id ORDER BY base_id LIMIT ?", limit, after, PrunePage)
		if err != nil {
			if s.dialect.NotFound(err) {
				err = nil
			}
			return pruned, err
		}
		for from := 0; from < len(ids); from += pruneBatch {
			n, err := s.pruneSome(ctx, ids[from:min(from+pruneBatch, len(ids))], limit)
			pruned += n
			if err != nil {
				return pruned, err
			}
		}
		if len(ids) < PrunePage {
			return pruned, nil
		}
		after = ids[len(ids)-1]
	}
}

// pruneSome deletes those of the traces whose last record is before limit.
func (s *Store) pruneSome(ctx context.Context, ids []string, limit string) (int, error) {
	args := anys(ids)
	old, err := s.texts(ctx, "SELECT base_id FROM data WHERE base_id IN ("+Marks(len(ids))+") GROUP BY base_id HAVING MAX(timestamp) < ?", append(args, limit)...)
	if err != nil || len(old) == 0 {
		return 0, err
	}
	if err := s.exec(ctx, "DELETE FROM data WHERE base_id IN ("+Marks(len(old))+")", anys(old)...); err != nil {
		return 0, err
	}
	return len(old), nil
}

// Forget removes what Prune removes, in the order of time, so that its work is that
// of what it removes and not of what is in the table, and forgetPause after each
// transaction, so that those who write come first. A trace that goes on while it is
// looked at may be left for the next time.
func (s *Store) Forget(ctx context.Context, olderThan time.Time) (int, error) {
	limit := string(record.AppendTimestamp(nil, olderThan.UnixNano()))
	forgotten, after := 0, ""
	for {
		ids, last, err := s.oldest(ctx, after, limit)
		if err != nil || last == "" {
			if err != nil && s.dialect.NotFound(err) {
				err = nil
			}
			return forgotten, err
		}
		for some := range slices.Chunk(ids, pruneBatch) {
			n, err := s.pruneSome(ctx, some, limit)
			forgotten += n
			if err != nil {
				return forgotten, err
			}
			select {
			case <-ctx.Done():
				return forgotten, ctx.Err()
			case <-time.After(forgetPause):
			}
		}
		after = last
	}
}

const (
	forgetRows  = 2000 // how many records Forget looks at in one go
	forgetPause = 10 * time.Millisecond
)

// oldest returns the traces of the first records between two times, and the time of
// the last of these.
func (s *Store) oldest(ctx context.Context, after, before string) (ids []string, last string, err error) {
	rows, err := s.read.QueryContext(ctx, s.dialect.query("SELECT COALESCE(base_id, ''), timestamp FROM data WHERE timestamp > ? AND timestamp < ? ORDER BY timestamp LIMIT ?"), after, before, forgetRows)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	seen := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id, &last); err != nil {
			return nil, "", err
		}
		if id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, last, rows.Err()
}

func anys(texts []string) []any {
	args := make([]any, len(texts))
	for i, t := range texts {
		args[i] = t
	}
	return args
}

// texts returns the one column of a query.
func (s *Store) texts(ctx context.Context, q string, args ...any) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, s.dialect.query(q), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var t string
		if err := rows.Scan(&t); err != nil {
			return nil, err
		}
		texts = append(texts, t)
	}
	return texts, rows.Err()
}
