package agent

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// maxLines bounds the lines of a post, since each may be a message of its own.
const maxLines = 8192

// mostTold is how many lines that were rejected an answer names.
const mostTold = 100

// rejected is a line that can never be stored.
type rejected struct {
	Line  int    `json:"line"` // from 1
	Error string `json:"error"`
}

// part is what a post has of one trace.
type part struct {
	trace header.ID
	spans []span
}

// span is some lines of a body with nothing between them, the newline of the last one
// included: as many as fit into one batch.
type span struct{ from, to, records int }

// splitter takes posts apart: into batches of one trace each. It is used again for
// other posts, but not concurrently.
type splitter struct {
	decoder  record.Decoder
	parts    []part
	byTrace  map[header.ID]int // the index of its part
	rejected []rejected
	refused  int // lines rejected, those that are not told included
	records  int // lines that are not blank
}

// split takes a body apart and appends its batches, without their ids, to batches. The
// batches share body, which it may change, and memory of h's budget.
func (s *splitter) split(body []byte, h *held, batches []spool.Batch) ([]spool.Batch, error) {
	s.parts, s.rejected, s.refused, s.records = s.parts[:0], nil, 0, 0
	if s.byTrace == nil {
		s.byTrace = map[header.ID]int{}
	}
	clear(s.byTrace)
	of := -1
	for at, line := 0, 1; at < len(body); line++ {
		end := bytes.IndexByte(body[at:], '\n') + at + 1
		text := body[at : end-1]
		from, to := at, end
		at = end
		if n := len(text); n > 0 && text[n-1] == '\r' {
			text = text[:n-1]
			body[to-2] = '\n'
			to--
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if s.records++; s.records > maxLines {
			return batches, &refusal{http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("the body has more than %d lines; send less at once", maxLines), 0}
		}
		trace, err := s.check(text)
		if err != nil {
			if s.refused++; len(s.rejected) < mostTold {
				s.rejected = append(s.rejected, rejected{line, err.Error()})
			}
			continue
		}
		if of < 0 || s.parts[of].trace != trace {
			of = s.part(trace)
		}
		s.parts[of].add(from, to)
	}
	var err error
	for i := range s.parts {
		if batches, err = s.parts[i].batches(body, h, batches); err != nil {
			return batches, err
		}
	}
	return batches, nil
}

// check says of which trace a record is.
func (s *splitter) check(text []byte) (header.ID, error) {
	if len(text) > spool.MaxRecordBytes {
		return header.ID{}, fmt.Errorf("the record has %d bytes, and %d are allowed", len(text), spool.MaxRecordBytes)
	}
	e, err := s.decoder.Event(text)
	return e.Trace(), err
}

// part is the index of a trace's part.
func (s *splitter) part(trace header.ID) int {
	i, ok := s.byTrace[trace]
	if !ok {
		i = len(s.parts)
		s.byTrace[trace] = i
		if i < cap(s.parts) {
			s.parts = s.parts[:i+1]
			s.parts[i].trace, s.parts[i].spans = trace, s.parts[i].spans[:0]
		} else {
			s.parts = append(s.parts, part{trace: trace})
		}
	}
	return i
}

// add adds a line.
func (p *part) add(from, to int) {
	if n := len(p.spans); n > 0 {
		if last := &p.spans[n-1]; last.to == from && last.records < spool.MaxRecords && to-last.from <= spool.MaxBytes {
			last.to = to
			last.records++
			return
		}
	}
	p.spans = append(p.spans, span{from, to, 1})
}

// batches appends the batches of a part to all: spans of the body as they are, or
// copies of several that fit into one batch.
func (p *part) batches(body []byte, h *held, all []spool.Batch) ([]spool.Batch, error) {
	trace := p.trace.String()
	for rest := p.spans; len(rest) > 0; {
		n, size, records := 1, rest[0].to-rest[0].from, rest[0].records
		for n < len(rest) && size+rest[n].to-rest[n].from <= spool.MaxBytes && records+rest[n].records <= spool.MaxRecords {
			size += rest[n].to - rest[n].from
			records += rest[n].records
			n++
		}
		text := body[rest[0].from:rest[0].to:rest[0].to]
		if n > 1 {
			if err := h.take(size); err != nil {
				return all, err
			}
			text = make([]byte, 0, size)
			for _, s := range rest[:n] {
				text = append(text, body[s.from:s.to]...)
			}
		}
		all = append(all, spool.Batch{Trace: trace, Records: records, Text: text})
		rest = rest[n:]
	}
	return all, nil
}

// name gives the batches of a post their ids, which are the same whenever the same
// lines are posted under the same numbers.
func name(batches []spool.Batch, producer string, first uint64, records int) {
	b := make([]byte, 0, 64)
	b = append(b, producer...)
	b = strconv.AppendUint(append(b, '-'), first, 10)
	b = strconv.AppendUint(append(b, '-'), first+uint64(records)-1, 10)
	if len(batches) == 1 {
		batches[0].ID = string(b)
		return
	}
	for i := range batches {
		batches[i].ID = string(strconv.AppendInt(append(b, '-'), int64(i), 10))
	}
}
