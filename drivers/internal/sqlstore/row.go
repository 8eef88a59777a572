package sqlstore

import (
	"strings"
	"sync"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// Columns are the table's, besides id, in the order of Row's fields.
const Columns = "timestamp, base_id, parent_id, trace_id, project, host, service, name, data"

// NumColumns is how many they are.
const NumColumns = 9

// Indexed are the columns that have an index ix_data_<column> each.
var Indexed = []string{"timestamp", "base_id", "parent_id", "trace_id", "project", "host", "service", "name"}

// Row is a record as the table holds it.
type Row struct {
	Timestamp, BaseID, ParentID, TraceID, Project, Host, Service, Name string
	// Data is the JSON string whose content is {"info": {…}}, and behind it the member
	// "sonde" if the record has a number.
	Data string
}

// AppendArgs appends the row's values in the order of Columns.
func (r *Row) AppendArgs(args []any) []any {
	return append(args, r.Timestamp, r.BaseID, r.ParentID, r.TraceID, r.Project, r.Host, r.Service, r.Name, r.Data)
}

// InsertQuery adds so many rows, whose values are its parameters.
func InsertQuery(rows int) string {
	values := "(" + Marks(NumColumns) + ")"
	return "INSERT INTO data (" + Columns + ") VALUES " + values + strings.Repeat(", "+values, rows-1)
}

// batch is the rows of one Notify. Their text is one string, cut into pieces.
type batch struct {
	rows []Row
	text []byte
	ends []int
	data []byte // scratch
}

var batches = sync.Pool{New: func() any { return new(batch) }}

func newBatch(events []record.Event) *batch {
	b := batches.Get().(*batch)
	b.text, b.ends, b.rows = b.text[:0], b.ends[:0], b.rows[:0]
	for i := range events {
		e := &events[i]
		b.text = record.AppendTimestamp(b.text, e.Time())
		b.ends = append(b.ends, len(b.text))
		b.text = e.Trace().Append(b.text)
		b.ends = append(b.ends, len(b.text))
		b.text = e.Parent().Append(b.text)
		b.ends = append(b.ends, len(b.text))
		b.text = e.Point().Append(b.text)
		b.ends = append(b.ends, len(b.text))
		b.text = append(append(append(b.text, strings.ToValidUTF8(e.Name(), "\ufffd")...), '-'), e.Phase().String()...)
		b.ends = append(b.ends, len(b.text))
		b.data = append(append(b.data[:0], `{"info": `...), e.Info()...)
		if e.Numbered() {
			b.data = e.Number().AppendMember(b.data)
		}
		b.data = append(b.data, '}')
		b.text = jsontext.AppendQuoted(b.text, b.data)
		b.ends = append(b.ends, len(b.text))
	}
	text, from, next := string(b.text), 0, 0
	piece := func() string {
		s := text[from:b.ends[next]]
		from = b.ends[next]
		next++
		return s
	}
	for i := range events {
		e := &events[i]
		b.rows = append(b.rows, Row{
			Timestamp: piece(), BaseID: piece(), ParentID: piece(), TraceID: piece(), Name: piece(), Data: piece(),
			Project: strings.ToValidUTF8(e.Project(), "\ufffd"), Service: strings.ToValidUTF8(e.Service(), "\ufffd"), Host: strings.ToValidUTF8(e.Host(), "\ufffd"),
		})
	}
	return b
}

func (b *batch) free() {
	clear(b.rows)
	batches.Put(b)
}
