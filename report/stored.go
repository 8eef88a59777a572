package report

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/maphash"
	"iter"
	"slices"
	"unsafe"

	"github.com/sonde-go/sonde/record"
)

// stored is what is kept of a record: all of it if it is in a layout that we know,
// since then the payload can be written again, and otherwise its bytes. It has the
// form in its upper bits and the place in the others.
type stored uint64

func (f form) at(r ref) stored { return stored(f)<<refBits | stored(r) }

func (s stored) form() form { return form(s >> refBits) }
func (s stored) ref() ref   { return ref(s & (1<<refBits - 1)) }

// form says what is kept of a record, and how.
type form uint16

const (
	nothing  form = iota
	infoOnly      // the payload is {"info": …}
	payload       // the info's place in it, and the payload
	both          // the info's length, the info, the payload, which are not of one piece
	known         // the info; known+i is of Report.shapes[i]

	// withNumber is a bit beside known: instead of the info, there are the record's
	// producer, its number, and where the info is.
	withNumber form = 1 << 15
)

// maxShapes is how many shapes of records a report knows.
const maxShapes = 10_000

// event is a record of a point that has several of a kind, or one with an unusual
// name.
type event struct {
	name string
	stored
	micros int64 // Unix time
}

// keep stores what a record says. K is not nil if it can be written again; from is the
// place of its producer if it has a number.
func (b *builder) keep(r *record.Record, k *record.Known, from int32) stored {
	var head [3 * binary.MaxVarintLen64]byte
	switch {
	case k != nil:
		if n, ok := b.shape(k.Shape); ok {
			info := b.dedupe(r.Info, k.Hash)
			if from == none {
				return (known + n).at(info)
			}
			number := binary.AppendUvarint(binary.AppendUvarint(head[:0], uint64(from)), r.Number.N)
			return (known + n | withNumber).at(b.blocks.put(binary.AppendUvarint(number, uint64(info)), nil))
		}
		fallthrough
	case len(r.Payload) > 0:
		b.mentioned.note(r.Info)
		if from, ok := within(r.Payload, r.Info); ok {
			place := binary.AppendUvarint(binary.AppendUvarint(head[:0], uint64(from)), uint64(len(r.Info)))
			return payload.at(b.blocks.put(place, r.Payload))
		}
		info := append(binary.AppendUvarint(head[:0], uint64(len(r.Info))), r.Info...)
		return both.at(b.blocks.put(info, r.Payload))
	case len(r.Info) > 0:
		return infoOnly.at(b.dedupe(r.Info, maphash.Bytes(b.seed, r.Info)))
	}
	return 0
}

// within finds a part of a text by where it is in memory. No part is at 0.
func within(whole, part []byte) (from int, ok bool) {
	if len(part) == 0 {
		return 0, true
	}
	at := uintptr(unsafe.Pointer(&part[0])) - uintptr(unsafe.Pointer(&whole[0]))
	return int(at), at < uintptr(len(whole)) && len(part) <= len(whole)-int(at)
}

func (b *builder) shape(s *record.Shape) (n form, ok bool) {
	if s == b.lastShape {
		return b.lastForm, true
	}
	n, ok = b.forms[s]
	if !ok {
		if len(b.shapes) == maxShapes {
			return 0, false
		}
		if b.forms == nil {
			b.forms = map[*record.Shape]form{}
		}
		n = form(len(b.shapes))
		b.forms[s] = n
		b.shapes = append(b.shapes, s)
	}
	b.lastShape, b.lastForm = s, n
	return n, true
}

// keptInfo is where an info is kept. Its hash spares a look at most of those that differ.
type keptInfo struct {
	hash uint64
	at   ref
}

// dedupe keeps an info with a hash, once if it is among those that were kept last: many
// records of a trace have the same.
func (b *builder) dedupe(info []byte, hash uint64) ref {
	const longest = 512
	if len(info) > longest {
		b.mentioned.note(info)
		return b.blocks.put(nil, info)
	}
	last := &b.last[hash%uint64(len(b.last))]
	if last.hash != hash || last.at == 0 || !bytes.Equal(b.blocks.get(last.at), info) {
		b.mentioned.note(info)
		*last = keptInfo{hash, b.blocks.put(nil, info)}
	}
	return last.at
}

// info returns the info of a record, nil if there is none.
func (r *Report) info(s stored) json.RawMessage {
	switch s.form() {
	case nothing:
		return nil
	case payload:
		_, info := r.split(s)
		return info
	case both:
		text := r.blocks.get(s.ref())
		n, size := binary.Uvarint(text)
		return orNil(text[size : size+int(n) : size+int(n)])
	}
	_, info := r.numbered(s)
	return info
}

// numbered returns the number and the info of a record in a known layout, or of one of
// which there is only the info.
func (r *Report) numbered(s stored) (n record.Number, info []byte) {
	text := r.blocks.get(s.ref())
	if s.form()&withNumber == 0 {
		return n, text
	}
	from, size := binary.Uvarint(text)
	text = text[size:]
	n.From = r.producers[from].from
	n.N, size = binary.Uvarint(text)
	at, _ := binary.Uvarint(text[size:])
	return n, r.blocks.get(ref(at))
}

func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// split takes a record apart that is kept with its payload.
func (r *Report) split(s stored) (whole, info []byte) {
	text := r.blocks.get(s.ref())
	from, size := binary.Uvarint(text)
	text = text[size:]
	n, size := binary.Uvarint(text)
	text = text[size:]
	return text, orNil(text[from : from+n : from+n])
}

// payload returns a record as stored, nil if that is not known. What has to be written
// again is written into scratch's memory.
func (r *Report) payload(scratch *[]byte, p *Point, e *event) json.RawMessage {
	b := (*scratch)[:0]
	switch e.form() {
	case nothing:
		return nil
	case payload:
		whole, _ := r.split(e.stored)
		return whole
	case both:
		text := r.blocks.get(e.ref())
		n, size := binary.Uvarint(text)
		return text[size+int(n):]
	case infoOnly:
		*scratch = append(append(append(b, `{"info":`...), r.blocks.get(e.ref())...), '}')
		return *scratch
	}
	number, info := r.numbered(e.stored)
	k := record.Known{Shape: r.shapes[e.form()&^withNumber-known], Number: number, Point: r.ids.at(p.id).uuid, Parent: r.ids.at(p.parentID).uuid, Micros: e.micros}
	*scratch = k.Append(b, e.name, r.Trace, info)
	return *scratch
}

// records yields the records of a point in the store's order.
func (r *Report) records(p *Point) iter.Seq[*event] {
	return func(yield func(*event) bool) {
		var list []event
		if p.several {
			list = r.events[p.index]
		} else {
			list = p.usual(make([]event, 0, 2), r.began)
		}
		for i := range list {
			if !yield(&list[i]) {
				return
			}
		}
	}
}

// usual appends the records of a point that has no list of them. Its times count from
// began.
func (p *Point) usual(list []event, began int64) []event {
	if p.HasStart {
		list = append(list, event{p.Name + "-start", p.start, p.started + began})
	}
	if p.HasStop {
		list = append(list, event{p.Name + "-stop", p.stop, p.stopped + began})
	}
	if p.stopFirst {
		slices.Reverse(list)
	}
	return list
}
