package report

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/profiler"
)

// maxIndented is how deep points are indented. OSProfiler cannot print a
// deeper tree at all; here the lines of deeper points begin at the left, or a
// deep trace would need its depth squared in blanks.
const maxIndented = 500

// WriteJSON writes the report as "osprofiler trace show --json" prints it, but
// for the newline at its end. A report that [Read] has read from this form is
// written as it was.
func (r *Report) WriteJSON(w io.Writer) error {
	if r.read != nil {
		_, err := w.Write(jsontext.AppendIndent(nil, r.read, 0))
		return err
	}
	j := jsonWriter{Report: r, out: w}
	j.report()
	return j.flush()
}

// jsonWriter gathers text and hands it on in big pieces. The first failed
// write is the last.
type jsonWriter struct {
	*Report
	out io.Writer
	buf []byte
	err error
}

func (j *jsonWriter) flush() error {
	if j.err == nil {
		_, j.err = j.out.Write(j.buf)
	}
	j.buf = j.buf[:0]
	return j.err
}

func (j *jsonWriter) raw(s string) { j.buf = append(j.buf, s...) }

// key begins the line of a member.
func (j *jsonWriter) key(indent int, name string) {
	j.buf = jsontext.AppendString(jsontext.AppendLine(j.buf, indent), name)
	j.raw(": ")
}

func (j *jsonWriter) line(indent int)  { j.buf = jsontext.AppendLine(j.buf, indent) }
func (j *jsonWriter) integer(n int64)  { j.buf = strconv.AppendInt(j.buf, n, 10) }
func (j *jsonWriter) string(s string)  { j.buf = jsontext.AppendString(j.buf, s) }
func (j *jsonWriter) millisOf(t int64) { j.integer(millis(t)) }

func (j *jsonWriter) report() {
	j.raw("{\n  \"info\": {\n    \"name\": \"total\",\n    \"started\": 0,\n    \"finished\": ")
	if len(j.Points) > 0 {
		j.millisOf(j.ended)
	} else {
		j.raw("null")
	}
	j.raw(",\n    \"last_trace_started\": ")
	if j.anyStart {
		j.millisOf(j.lastStart)
	} else {
		j.raw("null")
	}
	j.raw("\n  },\n  \"children\": ")
	j.tree()
	j.raw(",\n  \"stats\": {")
	for i, s := range j.Stats {
		if i > 0 {
			j.raw(",")
		}
		j.key(4, s.Name)
		j.raw("{\n      \"count\": ")
		j.integer(int64(s.Count))
		j.raw(",\n      \"duration\": ")
		j.integer(s.millis)
		j.raw("\n    }")
	}
	if len(j.Stats) > 0 {
		j.raw("\n  ")
	}
	j.raw("}\n}")
}

// siblings are points that are still to be written.
type siblings struct {
	from, next int // in jsonWriter.tree's list
}

// tree writes the points without recursion: the stack has the siblings of each
// depth, whose numbers lie behind one another in list.
func (j *jsonWriter) tree() {
	var list []int32
	var stack []siblings
	open := func(first int32) {
		from := len(list)
		list = j.inOrder(list, first)
		if len(list) == from {
			j.raw("[]")
			return
		}
		j.raw("[")
		stack = append(stack, siblings{from, from})
	}
	indent := func(depth int) int {
		if depth > maxIndented {
			return 0
		}
		return 4 * depth
	}
	open(j.first)
	for len(stack) > 0 && j.err == nil {
		depth := len(stack)
		top := &stack[depth-1]
		if top.next > top.from {
			j.line(indent(depth))
			j.raw("}")
		}
		if top.next == len(list) {
			list, stack = list[:top.from], stack[:depth-1]
			j.line(max(0, indent(depth)-2))
			j.raw("]")
			continue
		}
		if top.next > top.from {
			j.raw(",")
		}
		i := list[top.next]
		top.next++
		j.point(i, indent(depth))
		open(j.Points[i].child)
		if len(j.buf) > 1<<16 {
			_ = j.flush()
		}
	}
}

// inOrder appends siblings as OSProfiler sorts them: by the millisecond of
// their start, and by the order in which the store gave them.
func (j *jsonWriter) inOrder(list []int32, first int32) []int32 {
	from := len(list)
	for i := first; i != none; i = j.Points[i].next {
		list = append(list, i)
	}
	slices.SortFunc(list[from:], func(a, b int32) int {
		if c := cmp.Compare(millis(j.Points[a].started), millis(j.Points[b].started)); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	return list
}

// point writes all of a point but its children and what follows them.
func (j *jsonWriter) point(i int32, indent int) {
	p := &j.Points[i]
	stored := j.storedTexts(i)
	j.line(indent)
	j.raw("{")
	j.key(indent+2, "info")
	j.raw("{")
	j.key(indent+4, "name")
	j.string(p.Name)
	j.member(indent+4, "project", p.Project, p.nulls&nullProject != 0, stored.project)
	j.member(indent+4, "service", p.Service, p.nulls&nullService != 0, stored.service)
	j.member(indent+4, "host", p.Host, p.nulls&nullHost != 0, stored.host)
	j.records(p, indent+4)
	j.line(indent + 2)
	j.raw("}")
	j.member(indent+2, "trace_id", p.TraceID, false, stored.traceID)
	j.member(indent+2, "parent_id", p.ParentID, p.ParentID == "", stored.parentID)
	j.raw(",")
	j.key(indent+2, "children")
}

// storedTexts are the point's fields as its first record holds them.
type storedTexts struct{ project, service, host, traceID, parentID []byte }

func (j *jsonWriter) storedTexts(i int32) (s storedTexts) {
	first := j.origins[i]
	if first == nil {
		first = j.events.at(j.Points[i].firstEvent).payload
	}
	jsontext.Members(first, func(key, value []byte) bool {
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

// member writes a field of a point: as it is stored where that is what the
// point says, since OSProfiler prints a number as a number.
func (j *jsonWriter) member(indent int, name, text string, null bool, stored []byte) {
	j.raw(",")
	j.key(indent, name)
	switch {
	case len(stored) > 0 && stored[0] != 'n' && plainText(stored) == text:
		j.buf = jsontext.AppendIndent(j.buf, stored, indent)
	case null:
		j.raw("null")
	default:
		j.string(text)
	}
}

// records writes the stored records, and after the first of each kind when the
// point started or stopped.
func (j *jsonWriter) records(p *Point, indent int) {
	var started, stopped bool
	for name, payload := range j.StoredRecords(p) {
		j.raw(",")
		j.key(indent, "meta.raw_payload."+name)
		j.payload(payload, indent)
		stop := strings.HasSuffix(name, "stop")
		if stop && !stopped {
			stopped = true
			j.stopped(p, indent)
			j.raw(",")
			j.key(indent, "exception")
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
	j.raw(",")
	j.key(indent, "started")
	j.millisOf(p.started)
}

func (j *jsonWriter) stopped(p *Point, indent int) {
	j.raw(",")
	j.key(indent, "finished")
	j.millisOf(p.stopped)
}

func (j *jsonWriter) exception(p *Point, indent int) {
	if etype := jsontext.Get(j.Info(p, profiler.KindStop), "etype"); etype != nil {
		j.payload(etype, indent)
		return
	}
	j.raw(`"None"`)
}

// payload writes stored JSON; what a store gave that is none becomes a string.
func (j *jsonWriter) payload(value json.RawMessage, indent int) {
	if len(value) == 0 {
		j.raw("null")
		return
	}
	if longer := jsontext.AppendIndent(j.buf, value, indent); longer != nil {
		j.buf = longer
		return
	}
	j.string(string(value))
}
