package report

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// ErrNoRecords is wrapped by the error of [Read] for data without any record.
var ErrNoRecords = errors.New("no records")

// Read makes a report from a file's content: records, one JSON object per line or
// all in one JSON array, or a report. That is in the form of
// [Report.WriteOSProfiler], which "osprofiler trace show" reads, or Sonde's own
// document, see docs/json.md. It keeps data, which must not change.
//
// Anything that is not a record is left out and counted in Warnings. Without any
// record, the error wraps [ErrNoRecords].
func Read(data []byte) (*Report, error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return nil, ErrNoRecords
	}
	records, gaps := ofLines(data), []Missing(nil)
	whole := jsontext.Skip(data, 0) == len(data)
	shown := whole && data[0] == '{' && jsontext.Get(data, "children") != nil
	switch {
	case shown:
		records = ofReport(data)
	case whole && data[0] == '{' && isDocument(data):
		records, gaps = ofDocument(data), gapsOf(data)
	case whole && data[0] == '[':
		records = ofArray(data)
	case whole:
		records = func(yield func(record.Record, error) bool) { yield(record.Parse(data)) }
	}
	r, err := Build(records)
	if err != nil {
		return nil, err
	}
	if r.Len() == 0 {
		if len(r.Warnings) > 0 {
			w := r.Warnings[0]
			return nil, fmt.Errorf("%w: %s: %s", ErrNoRecords, w.Problem, w.Example)
		}
		return nil, ErrNoRecords
	}
	if gaps != nil {
		r.gaps = gaps
	}
	if shown {
		r.read, r.Warnings = data, nil // what is missing here need not have been missing in the store
	}
	return r, nil
}

func ofLines(data []byte) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		var p record.Parser
		for line := range bytes.Lines(data) {
			if line = bytes.TrimSpace(line); len(line) > 0 && !yield(p.Parse(line)) {
				return
			}
		}
	}
}

func ofArray(data []byte) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		var p record.Parser
		jsontext.Elements(data, func(value []byte) bool { return yield(p.Parse(value)) })
	}
}

// shownPoint locates the parts of a point in a report in JSON.
type shownPoint struct {
	info, traceID, parentID []byte
	children                []shownPoint
}

// ofReport yields the records that a report in JSON was made from.
func ofReport(data []byte) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		text := jsontext.NewCursor(data)
		top := readPoint(&text)
		top.childRecords(yield)
	}
}

// readPoint reads a point with everything below it in one pass, since searching for
// each part of each point would take the report's depth times its size. It recurs
// as deep as jsontext.MaxDepth lets reports nest.
func readPoint(text *jsontext.Cursor) (p shownPoint) {
	for text.Open(); text.Next(); {
		key := text.Key()
		switch {
		case jsontext.KeyIs(key, "children") && text.Kind() == '[':
			p.children = readPoints(text)
		case jsontext.KeyIs(key, "children"):
			p.children = nil
			text.Value()
		case jsontext.KeyIs(key, "info"):
			p.info = text.Value()
		case jsontext.KeyIs(key, "trace_id"):
			p.traceID = text.Value()
		case jsontext.KeyIs(key, "parent_id"):
			p.parentID = text.Value()
		default:
			text.Value()
		}
	}
	return p
}

// readPoints reads an array of points, without empty ones.
func readPoints(text *jsontext.Cursor) (list []shownPoint) {
	for text.Open(); text.Next(); {
		if text.Kind() != '{' {
			text.Value()
			continue
		}
		if p := readPoint(text); p.info != nil || p.children != nil {
			list = append(list, p)
		}
	}
	return list
}

func (p *shownPoint) childRecords(yield func(record.Record, error) bool) bool {
	for i := range p.children {
		child := &p.children[i]
		if !child.records(yield) || !child.childRecords(yield) {
			return false
		}
	}
	return true
}

const payloadKey = "meta.raw_payload."

// records yields the records of one point. Those that hold only info, as SQL stores
// keep them, get the rest from the point.
func (p *shownPoint) records(yield func(record.Record, error) bool) bool {
	started, finished := jsontext.Get(p.info, "started"), jsontext.Get(p.info, "finished")
	of := record.Record{
		Point:   plainText(p.traceID),
		Parent:  plainText(p.parentID),
		Project: textOf(p.info, "project"),
		Service: textOf(p.info, "service"),
		Host:    textOf(p.info, "host"),
	}
	stopped, more := false, true
	jsontext.Members(p.info, func(key, payload []byte) bool {
		name, ok := strings.CutPrefix(plainText(key), payloadKey)
		if !ok {
			return true
		}
		if r, err := record.Parse(payload); err == nil {
			stopped = stopped || strings.HasSuffix(name, "stop")
			more = yield(r, nil)
			return more
		}
		r := of
		r.Name, r.Payload, r.Info = name, payload, jsontext.Get(payload, "info")
		r.Number = record.ParseNumber(jsontext.Get(payload, "sonde"))
		r.Timestamp = timestampOf(started)
		if strings.HasSuffix(name, "stop") {
			stopped, r.Timestamp = true, timestampOf(finished)
		}
		more = yield(r, nil)
		return more
	})
	if more && !stopped && !bytes.Equal(started, finished) {
		of.Name, of.Info = plainText(jsontext.Get(p.info, "name"))+"-stop", []byte("{}")
		of.Timestamp = timestampOf(finished)
		more = yield(of, nil)
	}
	return more
}

func textOf(info []byte, name string) *string {
	value := jsontext.Get(info, name)
	if len(value) == 0 || value[0] == 'n' {
		return nil
	}
	text := plainText(value)
	return &text
}

// timestampOf turns the milliseconds of a report, which does not say when it
// began, into a time.
func timestampOf(millis []byte) string {
	n, err := strconv.ParseInt(string(millis), 10, 64)
	if err != nil {
		return string(millis)
	}
	return string(record.AppendTimestamp(nil, time.UnixMilli(n).UnixNano()))
}
