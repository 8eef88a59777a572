package drivertest

import (
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
)

// Harness tells the suite about a driver.
type Harness struct {
	// Driver is the driver's name. Server is the real server and version that the
	// suite runs against, or "".
	Driver, Server string

	// TLS says that another test of the driver's package connects by TLS.
	TLS bool

	// New makes an empty store and returns a function that opens it with
	// Options.FilterErrorTrace set. The suite may have it open several times at
	// once, and closes all that it opens.
	New func(t *testing.T) (open func() *drivers.Store)

	// Settle waits until what was written can be read, if that takes time.
	Settle func(t *testing.T)

	// NewestFirst says that Records yields the newest record first, as Redis does.
	NewestFirst bool

	// Corrupt stores raw, which is not JSON, as a record of baseID in the
	// store that New made last. Nil: that cannot be done.
	Corrupt func(t *testing.T, baseID, raw string)

	// Double stores a record of a trace once more in the store that New made last, as
	// one who writes it past the driver's keys does, such as OSProfiler. Nil: writing
	// it again by the driver is no different, or it cannot be done.
	Double func(t *testing.T, e *record.Event)

	// HoldsAll says that the store is in the memory of this process.
	HoldsAll bool

	// WholeTrace says that Records holds a trace in memory, since the store
	// answers with all of it at once, unordered.
	WholeTrace bool

	// ListWork calls list with the store that New made last, opened anew if need be,
	// and returns how much work the store has done for that, in any unit: rows or
	// messages read, commands carried out. The suite then holds that a list of the
	// newest traces is the same work however many traces there are. Nil: it is not,
	// and [drivers.Terms] says in Listed what it is.
	ListWork func(t *testing.T, list func(*drivers.Store)) int64

	// Lacks lists what the store cannot do: the operations for which
	// [drivers.Store.Can] returns false.
	Lacks []drivers.Op
}

// Line is the result of a run of the suite, for the table in the documentation.
type Line struct {
	Driver string `json:"driver"`
	Server string `json:"server,omitempty"`
	Write  bool   `json:"write"`
	Read   bool   `json:"read"`
	List   bool   `json:"list"`
	Errors bool   `json:"errors"`
	Delete bool   `json:"delete"`
	Prune  bool   `json:"prune"`
	Ping   bool   `json:"ping"`
	TLS    bool   `json:"tls"`
	Passed bool   `json:"passed"`

	// What drivers.Terms says.
	Acknowledged string `json:"acknowledged"`
	Repeated     string `json:"repeated"`
	Filed        bool   `json:"filed"`
	Listed       string `json:"listed"`
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	line := Line{
		Driver: h.Driver, Server: h.Server, Write: true, TLS: h.TLS,
		Read: h.can(drivers.Read), List: h.can(drivers.List), Errors: h.can(drivers.ListErrors),
		Delete: h.can(drivers.Delete), Prune: h.can(drivers.Prune), Ping: h.can(drivers.Ping),
	}

	run := func(name string, when bool, f func(*testing.T, Harness)) {
		if when {
			t.Run(name, func(t *testing.T) { f(t, h) })
		}
	}
	run("Capabilities", true, testCapabilities)
	run("Terms", true, func(t *testing.T, h Harness) {
		terms := testTerms(t, h)
		line.Acknowledged, line.Repeated, line.Filed, line.Listed = terms.Acknowledged, terms.Repeated, terms.Filed, terms.Listed
	})
	run("Errors", true, testErrors)
	run("Batches", true, testBatches)
	run("Buffers", true, testBuffers)
	run("Cancelled", true, testCancelled)
	run("Closed", true, testClosed)
	run("Concurrent", true, testConcurrent)
	run("Ping", line.Ping, testPing)

	run("Fields", line.Read, testFields)
	run("Hostile", line.Read, testHostile)
	run("Numbers", line.Read, testNumbers)
	run("Order", line.Read, testOrder)
	run("Repeats", line.Read, testRepeats)
	run("Doubles", line.Read, testDoubles)
	run("UnknownIDs", line.Read, testUnknownIDs)
	run("BreakOff", line.Read, testBreakOff)
	run("Corrupt", line.Read && h.Corrupt != nil, testCorrupt)
	run("Big", line.Read, testBig)

	run("Streamed", line.Read && !h.HoldsAll && !h.WholeTrace, testStreamed)

	run("List", line.List, testList)
	run("ListMany", line.List, testListMany)
	run("ListWork", line.List && h.ListWork != nil, testListWork)
	run("Pages", line.List, testPages)
	run("ListService", line.List, testListService)
	run("ListErrors", line.List, testListErrors)
	run("Delete", line.Delete && line.Read, testDelete)
	run("Prune", line.Prune && line.Read, testPrune)

	line.Passed = !t.Failed()
	text, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("drivertest %s", text)
}

func (h *Harness) can(op drivers.Op) bool { return !slices.Contains(h.Lacks, op) }

// open opens an empty store.
func (h *Harness) open(t *testing.T) *drivers.Store {
	t.Helper()
	d, _ := h.openTwo(t, 1)
	return d
}

// openTwo opens one empty store n times, 1 or 2.
func (h *Harness) openTwo(t *testing.T, n int) (first, second *drivers.Store) {
	t.Helper()
	open := h.New(t)
	var opened [2]*drivers.Store
	for i := range n {
		d := open()
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		opened[i] = d
	}
	return opened[0], opened[1]
}

func (h *Harness) settle(t *testing.T) {
	if h.Settle != nil {
		h.Settle(t)
	}
}

func (h *Harness) write(t *testing.T, d *drivers.Store, events ...record.Event) {
	t.Helper()
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatalf("Notify of %d events: %v", len(events), err)
	}
	h.settle(t)
}

// read returns the records of a trace, none of which may be bad.
func read(t *testing.T, d *drivers.Store, baseID string) []record.Record {
	t.Helper()
	var records []record.Record
	for r, err := range d.Records(t.Context(), baseID) {
		if err != nil {
			t.Fatalf("Records(%q): %v", baseID, err)
		}
		records = append(records, r.Clone())
	}
	return records
}

func list(t testing.TB, d *drivers.Store, q drivers.Query) []drivers.Trace {
	t.Helper()
	var traces []drivers.Trace
	for tr, err := range d.Traces(t.Context(), q) {
		if err != nil {
			t.Fatalf("Traces(%+v): %v", q, err)
		}
		traces = append(traces, tr)
	}
	return traces
}

// last returns the error that is the last thing yielded, nil if that is none.
func last[T any](seq iter.Seq2[T, error]) (err error) {
	for _, err = range seq {
	}
	return err
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want an error that is %q", what, got, want)
	}
}
