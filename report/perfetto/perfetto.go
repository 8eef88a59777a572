// Package perfetto writes reports as traces of Perfetto, for ui.perfetto.dev and its
// trace_processor: protobuf messages of the type perfetto.protos.Trace, see
// https://perfetto.dev/docs/reference/synthetic-track-event.
//
// A service on a host is a process. Points that nest share a track; one that overlaps
// a sibling, or outlasts the point above it, is on a track of its own, with an arrow
// from the point above.
package perfetto

import (
	"bytes"
	"io"
	"sort"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/internal/timeline"
	"github.com/sonde-go/sonde/report/internal/wire"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "perfetto",
	Doc:   "a trace for ui.perfetto.dev (binary)",
	Write: Write,
}

// The numbers of fields, by message, and of the values of TrackEvent.Type.
const (
	tracePacket = 1

	packetTimestamp, packetSequence, packetEvent, packetTrack = 8, 10, 11, 60

	trackUUID, trackProcess, trackThread, trackParent  = 1, 3, 4, 5
	processPID, processName                            = 1, 6
	threadPID, threadTID, threadName                   = 1, 2, 5
	eventAnnotation, eventType, eventTrack             = 4, 9, 11
	eventCategory, eventName, eventFlow, eventLastFlow = 22, 23, 47, 48
	annotationBool, annotationInt, annotationText      = 2, 4, 6
	annotationJSON, annotationName                     = 9, 10

	sliceBegin, sliceEnd = 1, 2
)

// Write writes a report. Times are nanoseconds from the beginning of the trace, on the
// root's clock. It returns the first error of w.
//
// Of the options Now means something to it.
func Write(w io.Writer, r *report.Report, o report.Options) error {
	t := &trace{Lanes: timeline.Lay(timeline.New(r, o)), out: w}
	t.crossing = t.Crossings()
	t.processes()
	for i := range t.Lanes.Lanes {
		t.lane(i)
		each := func(write func(int32)) func(int32) bool {
			return func(i int32) bool {
				write(i)
				return t.err == nil
			}
		}
		t.Events(i, each(t.begin), each(t.end))
	}
	t.flush()
	return t.err
}

// trace writes packets. The buffers are for what they hold, from the inside out.
type trace struct {
	*timeline.Lanes
	out      io.Writer
	err      error // the first
	crossing []int32

	buf, packet, event, inner []byte
}

// gathered is how many bytes are written at once.
const gathered = 1 << 16

func (t *trace) flush() {
	if t.err == nil {
		_, t.err = t.out.Write(t.buf)
	}
	t.buf = t.buf[:0]
}

// done ends a packet.
func (t *trace) done() {
	t.buf = wire.Message(t.buf, tracePacket, t.packet)
	t.packet = t.packet[:0]
	if len(t.buf) >= gathered {
		t.flush()
	}
}

// The identifiers of processes and lanes: all are different, and none is 0.
func processID(i int) int64         { return int64(i) + 1 }
func (t *trace) laneID(i int) int64 { return int64(len(t.Processes)+i) + 1 }

func (t *trace) processes() {
	for i, p := range t.Processes {
		t.inner = wire.Varint(t.inner[:0], processPID, processID(i))
		t.inner = wire.Text(t.inner, processName, p.String())
		t.event = wire.Varint(t.event[:0], trackUUID, processID(i))
		t.event = wire.Message(t.event, trackProcess, t.inner)
		t.packet = wire.Message(t.packet, packetTrack, t.event)
		t.done()
	}
}

func (t *trace) lane(i int) {
	l := t.Lanes.Lanes[i]
	process := processID(int(l.Process))
	t.inner = wire.Varint(t.inner[:0], threadPID, process)
	t.inner = wire.Varint(t.inner, threadTID, t.laneID(i))
	t.inner = wire.Text(t.inner, threadName, l.String())
	t.event = wire.Varint(t.event[:0], trackUUID, t.laneID(i))
	t.event = wire.Varint(t.event, trackParent, process)
	t.event = wire.Message(t.event, trackThread, t.inner)
	t.packet = wire.Message(t.packet, packetTrack, t.event)
	t.done()
}

// at writes the event of a lane. Each lane is a sequence of its own, in which time
// does not go back.
func (t *trace) at(lane int32, nanos int64) {
	t.packet = wire.Varint(t.packet, packetTimestamp, nanos)
	t.packet = wire.Varint(t.packet, packetSequence, int64(lane)+1)
	t.packet = wire.Message(t.packet, packetEvent, t.event)
	t.done()
}

func (t *trace) end(i int32) {
	s := &t.Spans[i]
	t.event = wire.Varint(t.event[:0], eventType, sliceEnd)
	t.event = wire.Varint(t.event, eventTrack, t.laneID(int(s.Lane)))
	t.at(s.Lane, s.To.Nanoseconds())
}

func (t *trace) begin(i int32) {
	s := &t.Spans[i]
	p := s.Point
	etype, why, failed := t.Failure(p)
	t.event = wire.Varint(t.event[:0], eventType, sliceBegin)
	t.event = wire.Varint(t.event, eventTrack, t.laneID(int(s.Lane)))
	t.event = wire.Text(t.event, eventName, timeline.Label(t.Report, p))
	if k := t.Kind(p); k != layer.Unspecified {
		t.event = wire.Text(t.event, eventCategory, k.String())
	}
	if failed {
		t.event = wire.Text(t.event, eventCategory, "failed")
	}
	t.flows(i)
	t.note("id", p.ID())
	t.note("parent", p.ParentID())
	t.annotation("self_ns", func(b []byte) []byte { return wire.Varint(b, annotationInt, s.Self.Nanoseconds()) })
	t.note("project", p.Project)
	t.note("outcome", t.Outcome(p))
	if failed {
		t.note("etype", etype)
		t.note("message", why)
	}
	if !p.HasStop {
		t.annotation("unfinished", func(b []byte) []byte { return wire.Varint(b, annotationBool, 1) })
	}
	t.info("start", t.Info(p, record.Start))
	t.info("stop", t.Info(p, record.Stop))
	t.at(s.Lane, s.From.Nanoseconds())
}

// flows are the arrows from a span to those below on other lanes, and the one to it.
// An arrow has the number of the span that it leads to.
func (t *trace) flows(i int32) {
	first := sort.Search(len(t.crossing), func(k int) bool { return t.Spans[t.crossing[k]].Above >= i })
	for _, to := range t.crossing[first:] {
		if t.Spans[to].Above != i {
			break
		}
		t.event = wire.Fixed64(t.event, eventFlow, uint64(to)+1)
	}
	s := &t.Spans[i]
	if s.Above < 0 {
		return
	}
	if above := &t.Spans[s.Above]; above.Lane != s.Lane && above.From <= s.From {
		t.event = wire.Fixed64(t.event, eventLastFlow, uint64(i)+1)
	}
}

// note adds a text that the UI shows beside a slice.
func (t *trace) note(name, value string) {
	if value != "" {
		t.annotation(name, func(b []byte) []byte { return wire.Text(b, annotationText, value) })
	}
}

// info adds JSON, which the UI shows as a tree.
func (t *trace) info(name string, info []byte) {
	if info != nil {
		var text bytes.Buffer
		json := jsontext.NewCompactWriter(&text)
		json.Value(info, 0)
		_ = json.Flush() // which a Buffer does not fail
		t.annotation(name, func(b []byte) []byte { return wire.Message(b, annotationJSON, text.Bytes()) })
	}
}

func (t *trace) annotation(name string, value func([]byte) []byte) {
	t.inner = value(wire.Text(t.inner[:0], annotationName, name))
	t.event = wire.Message(t.event, eventAnnotation, t.inner)
}
