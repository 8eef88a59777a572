// Package chrome writes reports in Chrome's Trace Event Format, which Perfetto,
// chrome://tracing and Firefox's profiler read:
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
//
// A service on a host is a process. Points that nest share a thread; one that overlaps
// a sibling, or outlasts the point above it, is on a thread of its own, with an arrow
// from the point above.
package chrome

import (
	"io"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/internal/timeline"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "chrome",
	Doc:   "Chrome's trace events, for ui.perfetto.dev or chrome://tracing",
	Text:  true,
	Write: Write,
}

// Write writes a report, in ASCII, with a line for each event. Times are microseconds
// from the beginning of the trace, on the root's clock. It returns the first error of
// w.
//
// Of the options Now means something to it.
func Write(w io.Writer, r *report.Report, o report.Options) error {
	c := chrome{timeline.Lay(timeline.New(r, o)), jsontext.NewCompactWriter(w)}
	c.Raw(`{"displayTimeUnit":"ms","otherData":{"trace":`)
	c.String(r.Trace)
	c.Raw(`,"began":`)
	c.String(c.Began.Format("2006-01-02T15:04:05.000000Z"))
	c.Raw("},\n\"traceEvents\":[")
	c.names()
	for i := range c.Spans {
		if c.slice(int32(i)); c.Err() != nil {
			return c.Err()
		}
	}
	for n, i := range c.Crossings() {
		if c.arrow(n+1, i); c.Err() != nil {
			return c.Err()
		}
	}
	c.Raw("\n]}\n")
	return c.Flush()
}

type chrome struct {
	*timeline.Lanes
	*jsontext.Writer
}

// names says what processes and threads are called; the first event of the list.
func (c *chrome) names() {
	first := true
	name := func(kind string, pid, tid int, name string) {
		if !first {
			c.Raw(",")
		}
		first = false
		c.Raw("\n{\"ph\":\"M\",\"name\":\"" + kind + "\"")
		c.place(pid, tid)
		c.Raw(`,"args":{"name":`)
		c.String(name)
		c.Raw("}}")
		c.Line(0)
	}
	for i, p := range c.Processes {
		name("process_name", i+1, 0, p.String())
	}
	for i, l := range c.Lanes.Lanes {
		name("thread_name", int(l.Process)+1, i+1, l.String())
	}
}

func (c *chrome) place(pid, tid int) {
	c.Raw(`,"pid":`)
	c.Integer(int64(pid))
	c.Raw(`,"tid":`)
	c.Integer(int64(tid))
}

func (c *chrome) on(lane int32) { c.place(int(c.Lanes.Lanes[lane].Process)+1, int(lane)+1) }

// slice is the event of a point.
func (c *chrome) slice(i int32) {
	s := &c.Spans[i]
	p := s.Point
	etype, message, failed := c.Failure(p)
	c.Raw(",\n{\"ph\":\"X\",\"name\":")
	c.String(timeline.Label(c.Report, p))
	kind := "point"
	if k := c.Kind(p); k != layer.Unspecified {
		kind = k.String()
	}
	c.Raw(`,"cat":"` + kind)
	if failed {
		c.Raw(",failed")
	}
	c.Raw(`"`)
	c.on(s.Lane)
	c.Raw(`,"ts":`)
	c.Integer(s.From.Microseconds())
	c.Raw(`,"dur":`)
	c.Integer(s.Length().Microseconds())
	c.Raw(`,"args":{"id":`)
	c.String(p.ID())
	c.Raw(`,"parent":`)
	c.String(p.ParentID())
	c.Raw(`,"self_us":`)
	c.Integer(s.Self.Microseconds())
	c.text("project", p.Project)
	c.text("outcome", c.Outcome(p))
	if failed {
		c.text("etype", etype)
		c.text("message", message)
	}
	if !p.HasStop {
		c.Raw(`,"unfinished":true`)
	}
	c.info("start", c.Info(p, record.Start))
	c.info("stop", c.Info(p, record.Stop))
	c.Raw("}}")
	c.Line(0)
}

func (c *chrome) text(name, text string) {
	if text != "" {
		c.Raw(`,"` + name + `":`)
		c.String(text)
	}
}

func (c *chrome) info(name string, info []byte) {
	if info != nil {
		c.Raw(`,"` + name + `":`)
		if !c.Value(info, 0) {
			c.Raw("null")
		}
	}
}

// arrow leads to a point from the one above on another thread.
func (c *chrome) arrow(id int, to int32) {
	s := &c.Spans[to]
	above := &c.Spans[s.Above]
	end := func(phase string, at *timeline.Span) {
		c.Raw(",\n{\"ph\":\"" + phase + "\",\"bp\":\"e\",\"name\":\"calls\",\"cat\":\"calls\",\"id\":")
		c.Integer(int64(id))
		c.on(at.Lane)
		c.Raw(`,"ts":`)
		c.Integer(at.From.Microseconds())
		c.Raw("}")
		c.Line(0)
	}
	end("s", above)
	end("f", s)
}
