package cli

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// sequential is a store that reads all its records for each trace.
type sequential struct {
	records []record.Record
	read    int
}

func (s *sequential) Notify(context.Context, []record.Event) error { return nil }
func (s *sequential) Close() error                                 { return nil }

func (s *sequential) Records(_ context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		for r := range s.AllRecords(context.Background()) {
			if r.Trace == baseID && !yield(r, nil) {
				return
			}
		}
	}
}

func (s *sequential) AllRecords(context.Context) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		for _, r := range s.records {
			if s.read++; !yield(r, nil) {
				return
			}
		}
	}
}

func (s *sequential) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		list := kit.NewTraceList(q)
		for r := range s.AllRecords(ctx) {
			list.Add(&r)
		}
		for _, t := range list.Sorted() {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// written keeps what is written to it.
type written struct {
	batches int
	records []string // trace and name
}

func (w *written) Close() error { return nil }

func (w *written) Notify(_ context.Context, events []record.Event) error {
	w.batches++
	for i := range events {
		w.records = append(w.records, fmt.Sprint(events[i].Trace(), " ", events[i].Time(), " ", events[i].RecordName()))
	}
	return nil
}

// TestCopyInOnePass: traces that lie mixed in a store which reads everything for one of
// them are copied in two passes, one for the list, trace after trace and in full
// batches, though they do not fit into the memory that sorting may take.
func TestCopyInOnePass(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const traces, each = 300, 4
	var want []string
	var events []record.Event
	for i := range traces {
		one := drivertest.Trace(each, time.Duration(i)*time.Second)
		for j := range one {
			want = append(want, fmt.Sprint(one[j].Trace(), " ", one[j].Time()/1000*1000, " ", one[j].RecordName()))
		}
		events = append(events, one...)
	}
	from, to := &sequential{}, &written{}
	for i := range events {
		e := &events[(i*7)%len(events)] // 7 divides no number of records
		r, err := record.Parse(e.AppendJSON(nil))
		if err != nil {
			t.Fatal(err)
		}
		from.records = append(from.records, r)
	}
	c := copier{from: drivers.NewStore("from://", from), to: drivers.NewStore("to://", to), bar: &progressBar{}, sorter: sorter{hold: 50 * eventBytes}}
	if err := c.run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := c.sorter.close(); err != nil {
		t.Error(err)
	}
	if !slices.Equal(to.records, want) {
		t.Errorf("%d records were copied, want %d in order", len(to.records), len(want))
	}
	if c.traces != traces || c.records != len(want) || c.skipped != 0 {
		t.Errorf("copied %d traces and %d records, skipped %d", c.traces, c.records, c.skipped)
	}
	if from.read != 2*len(events) {
		t.Errorf("%d records were read of %d, want each twice", from.read, len(events))
	}
	if full := (len(want) + copyBatch - 1) / copyBatch; to.batches != full {
		t.Errorf("%d batches, want %d", to.batches, full)
	}
}
