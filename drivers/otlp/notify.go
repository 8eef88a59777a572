package otlp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// maxRequest is the size in bytes up to which spans go into one request: gRPC
// servers accept 4 MiB by default.
const maxRequest = 3 << 20

// transport sends one ExportTraceServiceRequest and returns the reply, both as
// protobuf. Its errors wrap record.ErrNotSent, errTooLarge or errRefused
// where that is known.
type transport interface {
	send(ctx context.Context, request []byte) (reply []byte, err error)
	close() error
}

var (
	errTooLarge = errors.New("the request is too large for the server")
	errRefused  = errors.New("the server refuses the request")
)

// Notify implements [record.Sink]. It sends the points that are complete; records of
// the others are held. After an error, held is as before, since all events come
// again; a span whose request did arrive is then sent twice, under the same id.
func (d *store) Notify(ctx context.Context, events []record.Event) error {
	d.foreign.learn(events)
	b := d.held.take(events, time.Now())
	s := sending{store: d, ctx: ctx}
	if err := s.send(b.ready()); err != nil {
		d.held.undo(b, nil)
		return err
	}
	return d.rejected(b, &s)
}

// rejected returns the error that lists the events of a batch that the server will
// never accept.
func (d *store) rejected(b *batch, s *sending) error {
	if len(s.refused) == 0 {
		return nil
	}
	e := &record.RejectedError{Err: s.why}
	never := map[*point]bool{}
	for _, p := range s.refused {
		never[p] = true
	}
	for _, t := range b.touched {
		if never[t.after] {
			e.Indexes = append(e.Indexes, t.events...)
		}
	}
	if len(e.Indexes) == 0 { // all of them came with earlier batches
		d.lost(s)
		return nil
	}
	d.held.undo(b, never)
	slices.Sort(e.Indexes)
	return e
}

// lost logs points that the server has rejected and that no batch can be told of,
// since their records were acknowledged when they were held.
func (d *store) lost(s *sending) {
	d.logger.Warn("sonde: the server rejects unfinished trace points, which are dropped", "error", s.why, "points", len(s.refused))
}

// flush sends the points that arrived before a time with the one record they have.
func (d *store) flush(ctx context.Context, before time.Time) error {
	points := d.held.unsent(before)
	s := sending{store: d, ctx: ctx}
	if err := s.send(points); err != nil {
		return err
	}
	d.held.markSent(points)
	if len(s.refused) > 0 {
		d.lost(&s)
	}
	return nil
}

// sending is one delivery of points, in one or more requests. Points that the server
// refuses for good are collected, so that the others are still sent.
type sending struct {
	*store
	ctx     context.Context
	refused []*point // will never be taken
	why     error
}

// send sends points in as few requests as their size allows. If it fails, some
// of them may have arrived.
func (s *sending) send(points []*point) error {
	if len(points) == 0 {
		return nil
	}
	return kit.Halve(points, s.request,
		func(err error) bool { return errors.Is(err, errTooLarge) },
		func(p *point, err error) { s.refuse([]*point{p}, err) })
}

// request sends points at once.
func (s *sending) request(points []*point) error {
	request, err := proto.Marshal(s.export(points))
	if err != nil {
		return fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	if len(points) > 1 && len(request) > maxRequest {
		return errTooLarge
	}
	reply, err := s.exchange(s.ctx, request)
	switch {
	case errors.Is(err, errRefused):
		s.refuse(points, err)
		return nil
	case err != nil:
		return err
	}
	return s.read(points, reply)
}

func (s *sending) refuse(points []*point, why error) {
	s.refused = append(s.refused, points...)
	s.why = why
}

// read looks for a partial success in an ExportTraceServiceResponse, see
// https://opentelemetry.io/docs/specs/otlp/#partial-success. It does not say which
// spans were rejected, unless all were, and the specification forbids to send any
// of them again; so they count as stored, and the log says so.
func (s *sending) read(points []*point, reply []byte) error {
	partial, ok := field(reply, 1)
	if !ok {
		return nil
	}
	rejected, message := varint(partial, 1), ""
	if text, ok := field(partial, 2); ok {
		message = oneLine(string(text))
	}
	switch {
	case rejected >= uint64(len(points)):
		s.refuse(points, fmt.Errorf("%w: %s", errRefused, message))
	case rejected > 0 || message != "":
		s.logger.Warn("sonde: the server does not say which spans it rejects; they count as stored",
			"rejected", rejected, "of", len(points), "message", message)
	}
	return nil
}

// field returns the bytes of a message's last field with the given number.
func field(message []byte, number protowire.Number) (value []byte, ok bool) {
	each(message, func(n protowire.Number, t protowire.Type, b []byte) {
		if n == number && t == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(b)
			ok = true
		}
	})
	return value, ok
}

// varint returns a message's last number with the given field number, 0 by default.
func varint(message []byte, number protowire.Number) (value uint64) {
	each(message, func(n protowire.Number, t protowire.Type, b []byte) {
		if n == number && t == protowire.VarintType {
			value, _ = protowire.ConsumeVarint(b)
		}
	})
	return value
}

// each calls f with the fields of a message, as far as it can be read. Parsing them
// by hand avoids a dependency on the generated code of the collector's service,
// which brings gRPC's gateway along.
func each(message []byte, f func(protowire.Number, protowire.Type, []byte)) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return
		}
		message = message[n:]
		size := protowire.ConsumeFieldValue(number, kind, message)
		if size < 0 {
			return
		}
		f(number, kind, message[:size])
		message = message[size:]
	}
}
