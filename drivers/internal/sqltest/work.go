package sqltest

import (
	"fmt"
	"testing"

	"github.com/sonde-go/sonde/drivers"
)

// ListWork holds that a listing reads each row a few times whatever the order
// in which the rows were inserted, and that the newest traces cost no look at
// the others. open opens a driver on an empty store, and returns what counts
// the rows that are read in a call with a driver on the same store; where
// something else than rows is counted, perRow is how many of it are a row.
func ListWork(t *testing.T, perRow float64, open func(t *testing.T) (d *drivers.Store, count func(list func(*drivers.Store)) int64)) {
	for _, shape := range []struct{ traces, records int }{{1, 3000}, {300, 30}} {
		for order, newestFirst := range Orders {
			t.Run(fmt.Sprintf("%dx%d/%s", shape.traces, shape.records, order), func(t *testing.T) {
				d, count := open(t)
				Fill(t, d, shape.traces, shape.records, newestFirst)
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
				rows := float64(shape.traces * shape.records)
				check := func(what string, q drivers.Query, want int, limit float64) {
					t.Helper()
					got := count(func(d *drivers.Store) {
						if n := len(Listed(t, d, q)); n != want {
							t.Errorf("%s: %d traces, want %d", what, n, want)
						}
					})
					if times := float64(got) / perRow / rows; times > limit {
						t.Errorf("%s: each of %.0f rows is read %.1f times, want at most %.0f", what, rows, times, limit)
					}
				}
				check("all", drivers.Query{}, shape.traces, 20)
				check("those of a service", drivers.Query{Service: "checkout"}, shape.traces, 20)
				check("those with errors", drivers.Query{ErrorsOnly: true}, (shape.traces+9)/10, 20)
				if shape.traces > 1 {
					check("the newest", drivers.Query{Limit: 3}, 3, 1)
					check("the newest with an error", drivers.Query{Limit: 1, ErrorsOnly: true}, 1, 1)
				}
			})
		}
	}
}

func (e *Engine) testListWork(t *testing.T) {
	ListWork(t, 1, func(t *testing.T) (*drivers.Store, func(func(*drivers.Store)) int64) {
		database := e.Database(t)
		return e.Open(t, database), func(list func(*drivers.Store)) int64 { return e.work(t, database, list) }
	})
}

// work counts the rows that are read while list runs.
func (e *Engine) work(t *testing.T, database string, list func(*drivers.Store)) int64 {
	t.Helper()
	e.Exec(t, database, e.Analyze) // as servers do by themselves a while after so many writes
	before := e.RowsRead(t, database)
	reader := e.Open(t, database)
	list(reader)
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	return e.RowsRead(t, database) - before
}
