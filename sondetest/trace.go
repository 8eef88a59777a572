package sondetest

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/text"
)

// Trace is the profile of one run. Its assertions may be called in any order and
// number, from the goroutine that runs the test.
type Trace struct {
	t     testing.TB
	rec   *Recorder
	r     *report.Report
	names map[*report.Point]string

	shown sync.Once // the waterfall
}

// newTrace makes a Trace of records that arrived in any order. Points that were
// discarded after their start was told are left out.
func newTrace(rec *Recorder, events []record.Event) *Trace {
	rec.t.Helper()
	discarded := map[header.ID]bool{}
	for i := range events {
		discarded[events[i].Point()] = discarded[events[i].Point()] || string(jsontext.Get(events[i].Info(), "outcome")) == `"discarded"`
	}
	events = slices.DeleteFunc(events, func(e record.Event) bool { return discarded[e.Point()] })
	slices.SortStableFunc(events, func(a, b record.Event) int { return cmp.Compare(a.Time(), b.Time()) })
	all, err := report.Build(func(yield func(record.Record, error) bool) {
		for i := range events {
			if !yield(record.Parse(events[i].AppendJSON(nil))) {
				return
			}
		}
	})
	if err != nil {
		rec.t.Fatalf("sondetest: %v", err)
	}
	return &Trace{t: rec.t, rec: rec, r: all, names: map[*report.Point]string{}}
}

// Report is what was recorded, for assertions of one's own and for other forms of
// reports.
func (t *Trace) Report() *report.Report { return t.r }

// anyLayer reports whether a point of a layer was recorded.
func (t *Trace) anyLayer() bool {
	for p := range t.r.Walk() {
		if t.r.Layer(p) != nil {
			return true
		}
	}
	return false
}

// name is what points that do the same are called: "db SELECT * FROM t WHERE id = ?".
func (t *Trace) name(p *report.Point) string {
	name, ok := t.names[p]
	if !ok {
		name = terminal.Clean(strings.TrimSpace(p.Name + " " + findings.Subject(t.r, p)))
		t.names[p] = name
	}
	return name
}

// of are the calls of a layer: of SQL the queries.
func (t *Trace) of(l *layer.Layer) []*report.Point {
	return slices.DeleteFunc(t.calls(), func(p *report.Point) bool { return t.r.Layer(p) != l })
}

// calls are the points of all layers that stand for a call, made or served.
func (t *Trace) calls() (list []*report.Point) {
	for p := range t.r.Walk() {
		if t.isCall(p) {
			list = append(list, p)
		}
	}
	return list
}

// isCall reports whether p is a query, call or message. One that is made and
// served is counted where it is made.
func (t *Trace) isCall(p *report.Point) bool {
	if ofPool(p) {
		return false
	}
	if t.r.Layer(p) == layer.SQL {
		return isQuery(t.r.Text(p, "db.statement"))
	}
	switch t.r.Kind(p) {
	case layer.Client, layer.Producer:
		return true
	case layer.Server, layer.Consumer:
		above := t.r.Parent(p)
		return above == nil || !t.goesOut(above)
	}
	return false
}

func (t *Trace) goesOut(p *report.Point) bool {
	kind := t.r.Kind(p)
	return kind == layer.Client || kind == layer.Producer
}

// ofPool reports whether p is of sqltrace and depends on the connections that the
// pool has at the time: the same code has it in one run and not in the next.
func ofPool(p *report.Point) bool { return p.Name == "db_connect" || p.Name == "db_prepare" }

// isQuery tells statements that ask the database for something from those that
// only bracket them.
func isQuery(statement string) bool {
	switch layer.SQL.Operation(layer.Client, strings.TrimSpace(statement)) {
	case "", "BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "END":
		return false
	}
	return true
}

// tally counts points by their names, in the order of the first of each.
func (t *Trace) tally(points []*report.Point) *tally {
	c := &tally{count: map[string]int{}}
	for _, p := range points {
		name := t.name(p)
		if c.count[name] == 0 {
			c.names = append(c.names, name)
		}
		c.count[name]++
	}
	return c
}

type tally struct {
	names []string
	count map[string]int
}

// failf fails the test, the first time with the calls and the waterfall.
func (t *Trace) failf(format string, args ...any) {
	t.t.Helper()
	message := fmt.Sprintf(format, args...)
	t.shown.Do(func() { message += t.list() + t.waterfall() })
	t.t.Errorf("sondetest: %s", message)
}

// list are the calls, each once.
func (t *Trace) list() string {
	c := t.tally(t.calls())
	var b strings.Builder
	b.WriteString("\n\ncalls:")
	for _, name := range c.names {
		fmt.Fprintf(&b, "\n%6s  %s", "×"+figures.Grouped(c.count[name]), name)
	}
	return b.String()
}

// mostRows is how many rows of a waterfall a failure shows.
const mostRows = 60

func (t *Trace) waterfall() string {
	var b bytes.Buffer
	b.WriteString("\n\n")
	if err := text.Write(&b, t.r, report.Options{MaxRows: mostRows}); err != nil {
		return err.Error()
	}
	return b.String()
}
