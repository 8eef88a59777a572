// Package otlpjson writes reports as OpenTelemetry's spans in JSON, as OTLP over HTTP
// takes them: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. The
// spans are those that the OTLP driver sends.
package otlpjson

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/otlpspan"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "otlp",
	Doc:   "OpenTelemetry's spans in JSON, for any collector or backend",
	Text:  true,
	Write: Write,
}

// Write writes an ExportTraceServiceRequest, in ASCII, with a line for each span. Times
// are those of the records. Spans are written one at a time, so they take no memory
// here. It returns the first error of w.
//
// No option means anything to it.
func Write(w io.Writer, r *report.Report, _ report.Options) error {
	j := document{jsontext.NewCompactWriter(w)}
	maker := otlpspan.Maker{Foreign: r.Described}
	trace := idOf(r.Trace)
	j.Raw(`{"resourceSpans":[`)
	order, first := bySource(r)
	for n := range len(first) {
		end := len(order)
		if n+1 < len(first) {
			end = first[n+1]
		}
		for k, i := range order[first[n]:end] {
			p := r.At(int(i))
			if k == 0 {
				j.resource(n, &maker, sourceOf(p))
			}
			j.comma(k)
			j.Raw("\n")
			start, stop := events(r, p, trace)
			j.span(maker.Span(start, stop))
			if j.Err() != nil {
				return j.Err()
			}
		}
		j.Raw("]}]}")
	}
	j.Raw("]}\n")
	return j.Flush()
}

func sourceOf(p *report.Point) otlpspan.Source {
	return otlpspan.Source{Project: p.Project, Service: p.Service, Host: p.Host}
}

// bySource are the indexes of the points, those of one source together, and where each
// source begins.
func bySource(r *report.Report) (order []int32, first []int) {
	number := map[otlpspan.Source]int{}
	var count []int
	of := make([]int32, r.Len())
	for i := range r.Len() {
		s := sourceOf(r.At(i))
		n, ok := number[s]
		if !ok {
			n = len(count)
			number[s] = n
			count = append(count, 0)
		}
		count[n]++
		of[i] = int32(n)
	}
	first = make([]int, len(count))
	for n := 1; n < len(first); n++ {
		first[n] = first[n-1] + count[n-1]
	}
	next := append([]int(nil), first...)
	order = make([]int32, len(of))
	for i, n := range of {
		order[next[n]] = int32(i)
		next[n]++
	}
	return order, first
}

// events are the records of a point, as the driver gets them; one of them may be nil.
func events(r *report.Report, p *report.Point, trace header.ID) (start, stop *record.Event) {
	f := record.Fields{
		Name: p.Name, Trace: trace, Point: idOf(p.ID()), Parent: trace,
		Project: p.Project, Service: p.Service, Host: p.Host,
	}
	if p.ParentID() != "" && p.ParentID() != r.Trace {
		f.Parent = idOf(p.ParentID())
	}
	began := r.Began()
	event := func(phase record.Phase, at time.Duration) *record.Event {
		f.Phase, f.Time, f.Info = phase, began.Add(at).UnixNano(), r.Info(p, phase)
		if f.Info == nil {
			f.Info = []byte("{}")
		}
		e := record.New(f)
		return &e
	}
	if p.HasStart {
		start = event(record.Start, p.Start())
	}
	if p.HasStop {
		stop = event(record.Stop, p.Stop())
	}
	return start, stop
}

// idOf is an id as stored, or one that is always the same for a text that is none.
func idOf(text string) header.ID {
	id, err := header.ParseID(text)
	if err != nil {
		sum := sha256.Sum256([]byte(text))
		id, _ = header.ParseID(hex.EncodeToString(sum[:16]))
	}
	return id
}
