package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
)

// Decoder reads records on their way to a store, as [Event.JSON] wrote them, back as
// events: an agent or a collector passes on what a service has sent. The text is kept
// as it is if it is in the layout of [Event.AppendJSON], the number that the producer
// gave the record included; any other text that [Parse] can read is written anew in
// that layout, with its further members behind a record's own ([Fields.More]). The zero Decoder is ready for use; it is not safe for concurrent use.
type Decoder struct {
	hosts   Parser
	clock   clock
	sources []decodedSource
	trace   decodedID // of the last record
	parent  decodedID
}

// decodedID is an id as it was read last: records of a trace follow each other.
type decodedID struct {
	text []byte // its closing quote included
	id   header.ID
}

// decodedSource is what the records of a service have in common.
type decodedSource struct {
	tail   string // what stands between the info and the record's number or last brace
	host   *string
	source *Source
}

// maxSources is how many services a Decoder remembers.
const maxSources = 256

// ErrNotEvent is wrapped by the errors of a [Decoder]. No text of the record is in
// them, so that they may be shown where the record may not.
var ErrNotEvent = errors.New("not a record of a trace point")

// decodeError is an error of a Decoder.
type decodeError string

func (e decodeError) Error() string        { return string(e) }
func (e decodeError) Is(target error) bool { return target == ErrNotEvent }

// Event reads one record. The event shares text, which must not change as long as it
// is used. The error says what is wrong with the record.
func (d *Decoder) Event(text []byte) (Event, error) {
	if e, ok := d.usual(text); ok {
		return e, nil
	}
	return decodeOther(text)
}

// usual reads a record in the layout of AppendJSON, and returns false for any other.
func (d *Decoder) usual(text []byte) (e Event, ok bool) {
	rest, ok := cut(text, beforeName)
	if !ok {
		return e, false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 || !jsontext.IsPlain(rest[:end]) {
		return e, false
	}
	l := Layout{}
	switch name := rest[:end]; {
	case bytes.HasSuffix(name, []byte("-start")):
	case bytes.HasSuffix(name, []byte("-stop")):
		l.phase = Stop
	default:
		return e, false
	}
	at := len(beforeName) + end
	l.name = uint32(at - len(l.phase.suffix()))
	var trace, other header.ID
	if at, ok = d.trace.after(text, at, beforeTrace, &trace); !ok {
		return e, false
	}
	if at, ok = idAfter(text, at, beforePoint, &other); !ok {
		return e, false
	}
	if at, ok = d.parent.after(text, at, beforeParent, &other); !ok {
		return e, false
	}
	if rest, ok = cut(text[at:], beforeTime); !ok || len(rest) < timeSize {
		return e, false
	}
	micros, ok := d.clock.parse(rest[:timeSize])
	if !ok {
		return e, false
	}
	if rest, ok = cut(rest[timeSize:], beforeInfo); !ok || len(rest) == 0 || rest[0] != '{' {
		return e, false
	}
	if end = jsontext.SkipNested(rest, 0); end < 0 || !ascii(rest[:end]) {
		return e, false
	}
	l.info = uint32(len(text) - len(rest))
	l.end = l.info + uint32(end)
	shared, number := compact.cutNumber(rest[end:])
	l.numbered = !number.IsZero()
	source := d.source(rest[:end], shared)
	if source == nil || string(rest[end+len(shared):]) != "}" && !l.numbered {
		return e, false
	}
	return Stored(text, l, source, &trace, micros*1000, 0, number), true
}

// idAfter reads the id that follows a key, and returns where it ends.
func idAfter(text []byte, at int, key string, id *header.ID) (end int, ok bool) {
	rest, ok := cut(text[at:], key)
	if !ok {
		return 0, false
	}
	n := bytes.IndexByte(rest, '"')
	if n < 0 {
		return 0, false
	}
	var err error
	*id, err = header.ParseID(rest[:n])
	return at + len(key) + n, err == nil
}

// after is idAfter, and remembers the id.
func (d *decodedID) after(text []byte, at int, key string, id *header.ID) (end int, ok bool) {
	if rest, ok := cut(text[at:], key); ok && len(d.text) > 0 && bytes.HasPrefix(rest, d.text) {
		*id = d.id
		return at + len(key) + len(d.text) - 1, true
	}
	if end, ok = idAfter(text, at, key, id); ok {
		d.text, d.id = append(d.text[:0], text[at+len(key):end+1]...), *id
	}
	return end, ok
}

// ascii reports whether no byte of the JSON text needs to be escaped to be ASCII.
func ascii(text []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] { // eight bytes at once: 0x80 and above, below a blank, 0x7f
		x := binary.LittleEndian.Uint64(text)
		if (x|(x-' '*ones)|((x^0x7f*ones)-ones))&highs != 0 {
			return false
		}
	}
	for _, c := range text {
		if c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// source returns what the record says of its service, nil if that is not in the
// usual layout.
func (d *Decoder) source(info, shared []byte) *Source {
	if len(d.hosts.hosts) == maxShapes {
		d.hosts.hosts = d.hosts.hosts[:maxShapes/2] // those of late
	}
	host, ok := d.hosts.host(info, &compact)
	if !ok {
		return nil
	}
	for i := range d.sources {
		if s := &d.sources[i]; s.host == host && s.tail == string(shared) {
			if i > 0 {
				d.sources[0], d.sources[i] = d.sources[i], d.sources[0]
			}
			return d.sources[0].source
		}
	}
	rest, ok := cut(shared, beforeProject)
	if !ok {
		return nil
	}
	project, rest, ok := textOrNull(rest)
	if !ok {
		return nil
	}
	if rest, ok = cut(rest, beforeService); !ok {
		return nil
	}
	service, rest, ok := textOrNull(rest)
	if !ok || len(rest) != 0 {
		return nil
	}
	source := &Source{Project: deref(project), Service: deref(service), Host: *host}
	if len(d.sources) == maxSources {
		d.sources = d.sources[:maxSources/2]
	}
	d.sources = append(d.sources, decodedSource{string(shared), host, source})
	return source
}

// decodeOther reads a record in any layout.
func decodeOther(text []byte) (Event, error) {
	if jsontext.Skip(text, jsontext.SkipSpace(text, 0)) < 0 {
		return Event{}, decodeError("it is not JSON")
	}
	r, err := Parse(text)
	if err != nil {
		return Event{}, decodeError(errors.Unwrap(err).Error())
	}
	if r.Info == nil && jsontext.Get(text, "info") != nil {
		return Event{}, decodeError("its info is no object")
	}
	if micros, _, ok := ParseTimestamp(r.Timestamp); ok && (micros > maxMicros || micros < -maxMicros) {
		return Event{}, decodeError("its timestamp is centuries away")
	}
	e, err := r.Event()
	if err != nil {
		return Event{}, decodeError(r.unusable())
	}
	if more := furtherMembers(text); more != nil {
		e.Change(func(f *Fields) { f.More = more })
	}
	return e, nil
}

// furtherMembers are what a record has beside its own members, as [Fields] has them.
func furtherMembers(text []byte) (more []byte) {
	var own recordParser
	jsontext.Members(text, func(key, value []byte) bool {
		key = jsontext.AppendString(nil, string(jsontext.AppendUnquoted(nil, key)))
		if !own.known(key, value) {
			more = append(append(append(more, ','), key...), ':')
			more = jsontext.AppendShallow(more, value, math.MaxInt-1)
		}
		return true
	})
	return more
}

// unusable says which field of r is wrong, without its text.
func (r *Record) unusable() string {
	for _, f := range []struct{ name, id string }{{"base_id", r.Trace}, {"trace_id", r.Point}, {"parent_id", r.Parent}} {
		if _, err := header.ParseID(f.id); err != nil {
			return "its " + f.name + " is " + err.Error()
		}
	}
	if _, _, ok := ParseTimestamp(r.Timestamp); !ok {
		return "its timestamp is no time"
	}
	if !bytes.HasSuffix([]byte(r.Name), []byte("-start")) && !bytes.HasSuffix([]byte(r.Name), []byte("-stop")) {
		return "its name ends neither in -start nor in -stop"
	}
	return "its timestamp is not in the form 2026-01-02T03:04:05.000006"
}
