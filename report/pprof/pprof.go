// Package pprof writes reports as profiles of pprof, so that "go tool pprof" shows
// where the time of one trace or of many went, and what differs between two groups:
// https://github.com/google/pprof/blob/main/proto/profile.proto.
//
// A point is a call. Its frame is its service, its name and what it did, without
// literals and ids. A sample has the number of points and the time in which no child of
// them ran, and the labels service, host, kind and failed.
package pprof

import (
	"compress/gzip"
	"io"
	"strconv"

	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/internal/wire"
	"github.com/sonde-go/sonde/report/stacks"
	"google.golang.org/protobuf/encoding/protowire"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "pprof",
	Doc:   "a profile for go tool pprof (binary)",
	Write: Write,
}

// Write writes one trace. It returns the first error of w.
//
// Of the options Now means something to it.
func Write(w io.Writer, r *report.Report, o report.Options) error {
	return WriteStacks(w, stacks.Of(r, o))
}

// The numbers of the fields of profile.proto, by message.
const (
	profileSampleType, profileSample, profileLocation, profileFunction, profileText  = 1, 2, 4, 5, 6
	profileTimeNanos, profileDurationNanos, profileComment, profileDefaultSampleType = 9, 10, 13, 14

	valueType, valueUnit                      = 1, 2
	sampleLocation, sampleValue, sampleLabel  = 1, 2, 3
	labelKey, labelText                       = 1, 2
	locationID, locationLine                  = 1, 4
	lineFunction                              = 1
	functionID, functionName, functionSysName = 1, 2, 3
)

// WriteStacks writes one or more traces. It returns the first error of w.
func WriteStacks(w io.Writer, s *stacks.Stacks) error {
	out := gzip.NewWriter(w)
	p := &profile{out: out, texts: map[string]int64{}}
	p.text("") // which is the first, as the format wants it
	p.head(s)
	p.functions(s.Frames())
	for stack, sample := range s.All() {
		if p.sample(stack, sample); p.err != nil {
			return p.err
		}
	}
	p.flush()
	if err := out.Close(); p.err == nil {
		p.err = err
	}
	return p.err
}

// profile writes the fields of a profile, in any order, as protobuf allows.
type profile struct {
	out   io.Writer
	buf   []byte // fields that wait to be written
	err   error  // the first
	texts map[string]int64

	message, inner []byte // for reuse
}

// gathered is how many bytes are written at once.
const gathered = 1 << 15

func (p *profile) flush() {
	if p.err == nil {
		_, p.err = p.out.Write(p.buf)
	}
	p.buf = p.buf[:0]
}

// field adds a message.
func (p *profile) field(number protowire.Number, message []byte) {
	p.buf = wire.Message(p.buf, number, message)
	if len(p.buf) >= gathered {
		p.flush()
	}
}

// text is the place of a text in the table of strings.
func (p *profile) text(text string) int64 {
	at, ok := p.texts[text]
	if !ok {
		at = int64(len(p.texts))
		p.texts[text] = at
		p.field(profileText, []byte(text))
	}
	return at
}

func (p *profile) head(s *stacks.Stacks) {
	for _, kind := range [][2]string{{"count", "count"}, {"self", "nanoseconds"}} {
		var m []byte
		m = wire.Varint(m, valueType, p.text(kind[0]))
		m = wire.Varint(m, valueUnit, p.text(kind[1]))
		p.field(profileSampleType, m)
	}
	p.buf = wire.Varint(p.buf, profileDefaultSampleType, p.text("self"))
	traces := " traces"
	if s.Traces == 1 {
		traces = " trace"
	}
	comment := p.text(strconv.Itoa(s.Traces) + traces)
	p.buf = wire.Varint(p.buf, profileComment, comment)
	if s.Traces > 0 {
		p.buf = wire.Varint(p.buf, profileTimeNanos, s.Began.UnixNano())
		p.buf = wire.Varint(p.buf, profileDurationNanos, s.Took.Nanoseconds())
	}
}

// functions writes a function and a location for each frame, with its index + 1 as
// their ids.
func (p *profile) functions(frames []string) {
	for i, f := range frames {
		id, name := int64(i)+1, p.text(f)
		p.message = wire.Varint(p.message[:0], functionID, id)
		p.message = wire.Varint(p.message, functionName, name)
		p.message = wire.Varint(p.message, functionSysName, name)
		p.field(profileFunction, p.message)
		p.inner = wire.Varint(p.inner[:0], lineFunction, id)
		p.message = wire.Varint(p.message[:0], locationID, id)
		p.message = wire.Message(p.message, locationLine, p.inner)
		p.field(profileLocation, p.message)
	}
}

func (p *profile) sample(stack []int, s stacks.Sample) {
	p.inner = p.inner[:0]
	for i := range stack { // the leaf's first
		p.inner = protowire.AppendVarint(p.inner, uint64(stack[len(stack)-1-i])+1)
	}
	m := wire.Message(p.message[:0], sampleLocation, p.inner)
	p.inner = protowire.AppendVarint(p.inner[:0], uint64(s.Count))
	p.inner = protowire.AppendVarint(p.inner, uint64(s.Self.Nanoseconds()))
	m = wire.Message(m, sampleValue, p.inner)
	label := func(name, value string) {
		key, text := p.text(name), p.text(value)
		p.inner = wire.Varint(p.inner[:0], labelKey, key)
		p.inner = wire.Varint(p.inner, labelText, text)
		m = wire.Message(m, sampleLabel, p.inner)
	}
	if s.Service != "" {
		label("service", terminal.Clean(s.Service))
	}
	if s.Host != "" {
		label("host", terminal.Clean(s.Host))
	}
	if s.Kind != layer.Unspecified {
		label("kind", s.Kind.String())
	}
	if s.Failed {
		label("failed", "true")
	}
	p.message = m
	p.field(profileSample, m)
}
