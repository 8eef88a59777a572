package report

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// WriteOSProfiler writes the report as "osprofiler trace show --json" prints it,
// without the newline at the end. A report that [Read] has read from this form is
// written unchanged. It returns the first error of w.
func (r *Report) WriteOSProfiler(w io.Writer) error {
	j := jsonWriter{Report: r, Writer: jsontext.NewWriter(w)}
	if r.read != nil {
		j.Document(r.read)
	} else {
		j.report()
	}
	return j.Flush()
}

// jsonWriter writes a report in OSProfiler's form, while it walks the tree.
type jsonWriter struct {
	*Report
	*jsontext.Writer
	scratch []byte
}

func (j *jsonWriter) millisOf(t int64) { j.Integer(millis(t)) }

func (j *jsonWriter) report() {
	j.Raw("{\n  \"info\": {\n    \"name\": \"total\",\n    \"started\": 0,\n    \"finished\": ")
	if j.Len() > 0 {
		j.millisOf(j.ended)
	} else {
		j.Raw("null")
	}
	j.Raw(",\n    \"last_trace_started\": ")
	if j.anyStart {
		j.millisOf(j.lastStart)
	} else {
		j.Raw("null")
	}
	j.Raw("\n  },\n  \"children\": ")
	j.tree()
	j.Raw(",\n  \"stats\": {")
	for i, s := range j.Stats {
		if s.points == 0 {
			break // it is no point's, as are those after it
		}
		if i > 0 {
			j.Raw(",")
		}
		j.Key(4, s.Name)
		j.Raw("{\n      \"count\": ")
		j.Integer(int64(s.points))
		j.Raw(",\n      \"duration\": ")
		j.Integer(s.millis)
		j.Raw("\n    }")
	}
	if len(j.Stats) > 0 {
		j.Raw("\n  ")
	}
	j.Raw("}\n}")
}

// siblings are the points of one level that are still to be written.
type siblings struct {
	from, next int // in jsonWriter.tree's list
}

// tree writes the points without recursion: the stack has the siblings of each
// depth, whose numbers are consecutive in list.
func (j *jsonWriter) tree() {
	var list []int32
	var stack []siblings
	open := func(first int32) {
		from := len(list)
		list = j.inOrder(list, first)
		if len(list) == from {
			j.Raw("[]")
			return
		}
		j.Raw("[")
		stack = append(stack, siblings{from, from})
	}
	open(j.first)
	for len(stack) > 0 && j.Err() == nil {
		depth := len(stack)
		top := &stack[depth-1]
		if top.next > top.from {
			j.Line(4 * depth)
			j.Raw("}")
		}
		if top.next == len(list) {
			list, stack = list[:top.from], stack[:depth-1]
			j.Line(4*depth - 2)
			j.Raw("]")
			continue
		}
		if top.next > top.from {
			j.Raw(",")
		}
		i := list[top.next]
		top.next++
		j.point(i, 4*depth)
		open(j.points.at(i).child)
	}
}

// inOrder appends siblings as OSProfiler sorts them: by the millisecond of
// their start, and by the order in which the store gave them.
func (j *jsonWriter) inOrder(list []int32, first int32) []int32 {
	from := len(list)
	for i := first; i != none; i = j.points.at(i).next {
		list = append(list, i)
	}
	slices.SortFunc(list[from:], func(a, b int32) int {
		if c := cmp.Compare(millis(j.points.at(a).started), millis(j.points.at(b).started)); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	return list
}

// point writes a point except for its children and what follows them.
func (j *jsonWriter) point(i int32, indent int) {
	p := j.points.at(i)
	stored := j.storedTexts(p)
	j.Line(indent)
	j.Raw("{")
	j.Key(indent+2, "info")
	j.Raw("{")
	j.Key(indent+4, "name")
	j.String(p.Name)
	j.member(indent+4, "project", p.Project, p.nulls&nullProject != 0, stored.project)
	j.member(indent+4, "service", p.Service, p.nulls&nullService != 0, stored.service)
	j.member(indent+4, "host", p.Host, p.nulls&nullHost != 0, stored.host)
	j.records(p, indent+4)
	j.Line(indent + 2)
	j.Raw("}")
	j.member(indent+2, "trace_id", p.ID(), false, stored.traceID)
	j.member(indent+2, "parent_id", p.ParentID(), p.ParentID() == "", stored.parentID)
	j.Raw(",")
	j.Key(indent+2, "children")
}

// storedTexts are the point's fields as stored in its first record, none if they are
// what the point says.
type storedTexts struct{ project, service, host, traceID, parentID []byte }

func (j *jsonWriter) storedTexts(p *Point) (s storedTexts) {
	first, replaced := j.firsts[p.index]
	if !replaced {
		for e := range j.Report.records(p) {
			first = e.stored
			break
		}
	}
	if first.form() >= known {
		return s
	}
	jsontext.Members(j.Report.payload(&j.scratch, p, &event{stored: first}), func(key, value []byte) bool {
		switch string(key) {
		case `"project"`:
			s.project = value
		case `"service"`:
			s.service = value
		case `"trace_id"`:
			s.traceID = value
		case `"parent_id"`:
			s.parentID = value
		case `"info"`:
			s.host, _ = jsontext.Member(value, "host")
		}
		return true
	})
	return s
}

// member writes a field of a point: the stored JSON if it means what the point
// says, since OSProfiler prints a number as a number.
func (j *jsonWriter) member(indent int, name, text string, null bool, stored []byte) {
	j.Raw(",")
	j.Key(indent, name)
	switch {
	case len(stored) > 0 && stored[0] != 'n' && plainText(stored) == text:
		j.Value(stored, indent)
	case null:
		j.Raw("null")
	default:
		j.String(text)
	}
}

// records writes the stored records, and after the first of each kind when the
// point started or stopped.
func (j *jsonWriter) records(p *Point, indent int) {
	var started, stopped bool
	for e := range j.Report.records(p) {
		j.Raw(",")
		j.Key(indent, "meta.raw_payload."+e.name)
		j.payload(j.Report.payload(&j.scratch, p, e), indent)
		stop := strings.HasSuffix(e.name, "stop")
		if stop && !stopped {
			stopped = true
			j.stopped(p, indent)
			j.Raw(",")
			j.Key(indent, "exception")
			j.exception(p, indent)
		} else if !stop && !started {
			started = true
			j.started(p, indent)
		}
	}
	if !started {
		j.started(p, indent)
	}
	if !stopped {
		j.stopped(p, indent)
	}
}

func (j *jsonWriter) started(p *Point, indent int) {
	j.Raw(",")
	j.Key(indent, "started")
	j.millisOf(p.started)
}

func (j *jsonWriter) stopped(p *Point, indent int) {
	j.Raw(",")
	j.Key(indent, "finished")
	j.millisOf(p.stopped)
}

func (j *jsonWriter) exception(p *Point, indent int) {
	if etype := jsontext.Get(j.Info(p, record.Stop), "etype"); etype != nil {
		j.payload(etype, indent)
		return
	}
	j.Raw(`"None"`)
}

// payload writes stored JSON; anything that is not JSON becomes a string.
func (j *jsonWriter) payload(value json.RawMessage, indent int) {
	switch {
	case len(value) == 0:
		j.Raw("null")
	case !j.Value(value, indent):
		j.String(string(value))
	}
}
