// Package speedscope writes reports for https://www.speedscope.app, in its own file
// format: https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources.
//
// The first profile is the whole trace, with the time that each stack took itself.
// The others are what ran when: a profile for each service on a host, and more where
// what it did at once overlaps.
package speedscope

import (
	"cmp"
	"io"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/internal/timeline"
	"github.com/sonde-go/sonde/report/stacks"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "speedscope",
	Doc:   "for speedscope: flame graphs of the whole and in time",
	Text:  true,
	Write: Write,
}

// Write writes a report, in ASCII. It returns the first error of w.
//
// Of the options Now means something to it.
func Write(w io.Writer, r *report.Report, o report.Options) error {
	f := file{jsontext.NewCompactWriter(w)}
	whole := stacks.Of(r, o)
	lanes := timeline.Lay(timeline.New(r, o))
	frames, frameOf := indexes(whole.Frames(), lanes)
	f.Raw(`{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"sonde","name":`)
	f.String(cmp.Or(terminal.Clean(r.Trace), "trace"))
	f.Raw(",\"activeProfileIndex\":0,\n\"shared\":{\"frames\":[")
	f.frames(frames)
	f.Raw("]},\n\"profiles\":[\n")
	f.whole(whole)
	for i := range lanes.Lanes {
		if f.lane(lanes, i, frameOf); f.Err() != nil {
			return f.Err()
		}
	}
	f.Raw("]}\n")
	return f.Flush()
}

// indexes are the frames of the stacks, which come first, and of the lanes, and which
// of them is that of each span.
func indexes(frames []string, l *timeline.Lanes) (all []string, of []int32) {
	at := make(map[string]int32, len(frames))
	for i, f := range frames {
		at[f] = int32(i)
	}
	of = make([]int32, len(l.Spans))
	for i := range l.Spans {
		f := stacks.Frame(l.Report, l.Spans[i].Point)
		k, ok := at[f]
		if !ok {
			k = int32(len(frames))
			at[f], frames = k, append(frames, f)
		}
		of[i] = k
	}
	return frames, of
}

type file struct{ *jsontext.Writer }

// comma comes before all items of a list but the first.
func (f *file) comma(i int) {
	if i > 0 {
		f.Raw(",")
	}
	f.Line(0)
}

func (f *file) frames(names []string) {
	for i, name := range names {
		f.comma(i)
		f.Raw("\n{\"name\":")
		f.String(name)
		f.Raw("}")
	}
}

// head begins a profile, whose times are microseconds.
func (f *file) head(kind, name string, end int64) {
	f.Raw(`{"type":"` + kind + `","unit":"microseconds","name":`)
	f.String(name)
	f.Raw(`,"startValue":0,"endValue":`)
	f.Integer(end)
}

// whole is the profile of all stacks.
func (f *file) whole(s *stacks.Stacks) {
	var sum int64
	for _, sample := range s.All() {
		sum = saturate.Add(sum, sample.Self.Microseconds())
	}
	f.head("sampled", "whole trace, by time of their own", sum)
	f.Raw(",\n\"samples\":[")
	n := 0
	for stack := range s.All() {
		f.comma(n)
		f.Raw("[")
		for i, frame := range stack {
			f.comma(i)
			f.Integer(int64(frame))
		}
		f.Raw("]")
		n++
	}
	f.Raw("],\n\"weights\":[")
	n = 0
	for _, sample := range s.All() {
		f.comma(n)
		f.Integer(sample.Self.Microseconds())
		n++
	}
	f.Raw("]}\n")
}

// lane is the profile of what ran in time.
func (f *file) lane(l *timeline.Lanes, lane int, frameOf []int32) {
	at := l.Lanes[lane]
	name := l.Processes[at.Process].String()
	if at.Number > 1 {
		name += ", " + at.String()
	}
	f.Raw(",")
	f.head("evented", name, l.Length.Microseconds())
	f.Raw(",\n\"events\":[")
	n := 0
	event := func(kind string, i int32, at int64) bool {
		f.comma(n)
		n++
		f.Raw(`{"type":"` + kind + `","at":`)
		f.Integer(at)
		f.Raw(`,"frame":`)
		f.Integer(int64(frameOf[i]))
		f.Raw("}")
		return f.Err() == nil
	}
	l.Events(lane,
		func(i int32) bool { return event("O", i, l.Spans[i].From.Microseconds()) },
		func(i int32) bool { return event("C", i, l.Spans[i].To.Microseconds()) })
	f.Raw("]}\n")
}
