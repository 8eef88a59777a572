package profiler

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

const (
	maxInfo  = 16 << 10 // bytes of info a record
	maxDepth = 8        // levels of objects and arrays
)

// encoder writes one record, or attributes of one: every value is followed by a
// comma.
type encoder struct {
	buf       []byte
	direct    bool          // it is that of a chunk, and the trace is locked, see trace.write
	from      int           // where the record begins in buf, if it is one
	layout    record.Layout // of the record
	svc       *Service
	limit     int // bytes that buf may take
	truncated bool
	sonde     bool // the record has info.sonde

	captures bool        // values are those of a function, see capture
	mask     *layer.Mask // of the program's own attributes; nil while a layer's are written
	kind     layer.Kind  // that info.sonde says
	about    string      // more members of info.sonde, each followed by a comma
}

var encoders = sync.Pool{New: func() any { return &encoder{buf: make([]byte, 0, 1<<10)} }}

// newEncoder returns an encoder for attributes; that of a record comes from
// node.begin.
func newEncoder(svc *Service) *encoder {
	e := encoders.Get().(*encoder)
	e.reset(svc, e.buf[:0])
	return e
}

// reset makes e append to buf.
func (e *encoder) reset(svc *Service, buf []byte) {
	e.svc, e.buf, e.limit, e.truncated = svc, buf, maxInfo, false
	e.mask, e.kind, e.about, e.captures = nil, layer.Unspecified, "", false
}

// own marks what follows as attributes of the program's own, which are masked.
func (e *encoder) own() { e.mask = &e.svc.mask }

func (e *encoder) free() {
	e.svc = nil
	encoders.Put(e)
}

// group writes given and attrs below key, or attrs at the top if key is "".
func (e *encoder) group(key string, given Encoded, attrs []slog.Attr) {
	if key == "" {
		e.attrs(attrs, 1)
		return
	}
	if len(attrs) == 0 && given.members == "" {
		return
	}
	e.buf = append(jsontext.AppendString(e.buf, key), ':', '{')
	e.buf = append(e.buf, given.members...)
	if given.numbered {
		e.buf = append(strconv.AppendInt(e.buf, given.number, 10), ',')
	}
	e.truncated = e.truncated || given.cut
	e.attrs(attrs, 2)
	e.closeObject()
}

// closeObject ends an object whose last value is followed by a comma.
func (e *encoder) closeObject() {
	if n := len(e.buf) - 1; e.buf[n] == ',' {
		e.buf = e.buf[:n]
	}
	e.buf = append(e.buf, '}', ',')
}

func (e *encoder) attrs(attrs []slog.Attr, depth int) {
	for i := range attrs {
		a := &attrs[i]
		if laterSame(attrs[i+1:], a.Key) || a.Key == "" && a.Value.Kind() != slog.KindGroup {
			continue
		}
		if a.Key == "" {
			e.attrs(a.Value.Group(), depth)
			continue
		}
		hidden, full := e.key(a.Key, depth)
		if full {
			return
		}
		e.unless(hidden, a.Value, depth)
		e.buf = append(e.buf, ',')
	}
}

// unless writes v unless it is hidden.
func (e *encoder) unless(hidden bool, v slog.Value, depth int) {
	if hidden {
		e.buf = append(e.buf, masked...)
		return
	}
	e.value(v, depth)
}

// masked is what stands in place of a value that is masked.
const masked = `"` + layer.Masked + `"`

func laterSame(attrs []slog.Attr, key string) bool {
	for i := range attrs {
		if attrs[i].Key == key {
			return true
		}
	}
	return false
}

func (e *encoder) value(v slog.Value, depth int) {
	switch v.Kind() {
	case slog.KindString:
		e.string(v.String())
	case slog.KindInt64:
		e.buf = strconv.AppendInt(e.buf, v.Int64(), 10)
	case slog.KindUint64:
		e.buf = strconv.AppendUint(e.buf, v.Uint64(), 10)
	case slog.KindBool:
		e.buf = strconv.AppendBool(e.buf, v.Bool())
	case slog.KindFloat64:
		e.float(v.Float64())
	case slog.KindDuration:
		e.string(v.Duration().String())
	case slog.KindTime:
		e.string(v.Time().Format(time.RFC3339Nano))
	case slog.KindGroup:
		if depth >= maxDepth {
			e.string("…")
			return
		}
		e.buf = append(e.buf, '{')
		e.attrs(v.Group(), depth+1)
		e.closeObject()
		e.buf = e.buf[:len(e.buf)-1] // attrs writes the comma
	default:
		e.foreign(v, depth)
	}
}

// string writes s, cut to the room that is left.
func (e *encoder) string(s string) {
	if e.mask != nil {
		s = e.mask.URLs(s)
	}
	e.buf = append(e.buf, '"')
	start := len(e.buf)
	room := max(e.limit-start-len(`",`), 0)
	if len(s) > room {
		e.truncated = true
		s = cutBytes(s, room)
	}
	e.buf = jsontext.AppendEscaped(e.buf, s)
	if len(e.buf)-start > room {
		// The escapes made it too long: one in six bytes always fits.
		e.truncated = true
		e.buf = jsontext.AppendEscaped(e.buf[:start], cutBytes(s, room/6))
	}
	e.buf = append(e.buf, '"')
}

// cutBytes cuts s to at most n bytes, between two characters.
func cutBytes(s string, n int) string {
	if n >= len(s) {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func (e *encoder) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		e.string(strconv.FormatFloat(f, 'g', -1, 64))
		return
	}
	e.buf = strconv.AppendFloat(e.buf, f, 'g', -1, 64)
}

// foreign writes a value that only its own methods can turn into text. They run
// without any lock held; if they panic, the text says so.
func (e *encoder) foreign(v slog.Value, depth int) {
	from := len(e.buf)
	if panicked, text := e.tryForeign(v, depth); panicked {
		e.svc.panics.Add(1)
		e.buf = e.buf[:from]
		e.string("!PANIC: " + text)
	}
}

func (e *encoder) tryForeign(v slog.Value, depth int) (panicked bool, text string) {
	done := false
	defer func() {
		if p := recover(); !done {
			panicked, text = true, safeText(p)
		}
	}()
	for range maxDepth {
		if v.Kind() != slog.KindLogValuer {
			break
		}
		v = v.LogValuer().LogValue()
	}
	switch v.Kind() {
	case slog.KindAny:
		if e.captures {
			e.capture(v.Any(), depth)
		} else {
			e.any(v.Any(), depth)
		}
	case slog.KindLogValuer:
		e.string("!ERROR: LogValue returns LogValuers without end")
	default:
		e.value(v, depth)
	}
	done = true // panic(nil) can be nil to recover
	return false, ""
}

// safeText is the text of a panic's value. Its own methods may panic too: fmt
// catches that once, but not if the value of that panic does so again.
func safeText(v any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("a %T, whose text panics", v)
		}
	}()
	return cutBytes(fmt.Sprint(v), 1<<10)
}

func (e *encoder) any(v any, depth int) {
	switch v := v.(type) {
	case nil:
		e.buf = append(e.buf, "null"...)
		return
	case json.Marshaler:
	case error:
		e.string(v.Error())
		return
	case fmt.Stringer:
		e.string(v.String())
		return
	}
	e.json(v, depth)
}

// json writes what encoding/json makes of v.
func (e *encoder) json(v any, depth int) {
	j, err := json.Marshal(v)
	if err != nil && e.captures {
		e.string(fmt.Sprintf("(%T)", v))
		return
	}
	if err != nil {
		e.string("!ERROR: " + err.Error())
		return
	}
	if len(j) > e.limit-len(e.buf) {
		e.truncated = true
		e.string(fmt.Sprintf("(%d bytes left out)", len(j)))
		return
	}
	if e.mask != nil {
		j = maskMembers(e.mask, j)
	}
	e.buf = jsontext.AppendShallow(e.buf, j, maxDepth-depth)
}

// text writes a key of our own.
func (e *encoder) text(key, value string) {
	e.buf = append(append(append(e.buf, '"'), key...), '"', ':')
	e.string(value)
	e.buf = append(e.buf, ',')
}
