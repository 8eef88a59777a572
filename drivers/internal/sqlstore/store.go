// Package sqlstore keeps traces in OSProfiler's SQL table. Each engine is a
// [Dialect] in a package of its own, so that a program links the client
// libraries that it uses and no other.
//
// The table is what OSProfiler's SQL driver makes with SQLAlchemy: columns id,
// timestamp, base_id, parent_id, trace_id, project, host, service, name and
// data, the last holding a JSON string whose content is JSON itself (encoded
// twice): "{\"info\": {…}}". A table that is there is used as it is, one that
// is missing is made at the first write.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/sonde-go/sonde/drivers/driver"
)

// Store is a [driver.Driver] on one database, with all that a driver may have.
type Store struct {
	dialect *Dialect
	write   *sql.DB
	read    *sql.DB // may be write

	schemaMu sync.Mutex
	schema   atomic.Bool // the table is there
}

// New makes a Store that owns its pools. Nothing is asked of the database yet.
func New(d *Dialect, write, read *sql.DB) *Store {
	return &Store{dialect: d, write: write, read: read}
}

// Close implements [driver.Driver].
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(s.read.Close(), err)
	}
	return err
}

// Terms implements [driver.Promising].
func (s *Store) Terms() driver.Terms {
	return driver.Terms{Acknowledged: s.dialect.Committed, Repeated: "kept twice; readers ignore the second", Forgets: s.dialect.Forgets,
		Listed: "the newest entries of the index of timestamps, and the records of their traces"}
}

// Ping implements [driver.Pinger].
func (s *Store) Ping(ctx context.Context) error {
	return s.write.PingContext(ctx)
}
