package profiler

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/jsontext"
)

const (
	maxInfo  = 16 << 10 // bytes of info a record
	maxDepth = 8        // levels of objects and arrays
)

// encoder writes the info of one record: every key with a comma behind it,
// ready for the host to follow.
type encoder struct {
	buf       []byte
	svc       *Service
	truncated bool
}

// field is an attribute that is encoded already.
type field struct {
	key   string
	value []byte
}

var encoders = sync.Pool{New: func() any { return &encoder{buf: make([]byte, 0, 1<<10)} }}

// newEncoder begins an info.
func newEncoder(svc *Service) *encoder {
	e := encoders.Get().(*encoder)
	e.svc, e.truncated, e.buf = svc, false, append(e.buf[:0], '{')
	return e
}

func (e *encoder) free() {
	e.svc = nil
	encoders.Put(e)
}

// group writes attrs below key, or at the top if key is "".
func (e *encoder) group(key string, attrs []slog.Attr) {
	if key == "" {
		e.attrs(attrs, 1)
		return
	}
	if len(attrs) == 0 {
		return
	}
	e.buf = append(jsontext.AppendString(e.buf, key), ':', '{')
	e.attrs(attrs, 2)
	e.closeObject()
}

// closeObject ends an object whose last key has a comma behind it.
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
		if !e.key(a.Key, depth) {
			return
		}
		e.value(a.Value, depth)
		e.buf = append(e.buf, ',')
	}
}

func laterSame(attrs []slog.Attr, key string) bool {
	for i := range attrs {
		if attrs[i].Key == key {
			return true
		}
	}
	return false
}

// key writes a key; it is false if the info is full.
func (e *encoder) key(key string, depth int) bool {
	if len(e.buf) >= maxInfo {
		e.cut()
		return false
	}
	if depth == 1 && (key == "host" || key == "sonde") {
		key += "_"
	}
	e.buf = append(jsontext.AppendString(e.buf, cut(key)), ':')
	return true
}

func (e *encoder) cut() {
	if !e.truncated {
		e.truncated = true
		e.svc.cutInfos.Add(1)
	}
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

// string writes s, cut to what room there is.
func (e *encoder) string(s string) {
	room := maxInfo - len(e.buf)
	start := len(e.buf)
	e.buf = append(e.buf, '"')
	if len(s) > room {
		e.cut()
		s = cutBytes(s, max(room, 0))
	}
	e.buf = jsontext.AppendEscaped(e.buf, s)
	if over := len(e.buf) - start - room; over > 0 && len(s) > 0 {
		// The escapes made it too long: one in six bytes always fits.
		e.cut()
		e.buf = jsontext.AppendEscaped(e.buf[:start+1], cutBytes(s, max(room, 0)/6))
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

// foreign writes a value that only its own code can turn into text. That code
// runs without any lock held; if it panics, the text says so.
func (e *encoder) foreign(v slog.Value, depth int) {
	from := len(e.buf)
	if p := e.tryForeign(v, depth); p != nil {
		e.svc.panics.Add(1)
		e.buf = e.buf[:from]
		e.string(fmt.Sprintf("!PANIC: %v", p))
	}
}

func (e *encoder) tryForeign(v slog.Value, depth int) (panicked any) {
	defer func() {
		if p := recover(); p != nil {
			panicked = safeText(p)
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
		e.any(v.Any(), depth)
	case slog.KindLogValuer:
		e.string("!ERROR: LogValue returns LogValuers without end")
	default:
		e.value(v, depth)
	}
	return nil
}

// safeText is the text of a panic's value, whose own methods may panic too;
// fmt catches those.
func safeText(v any) string { return cutBytes(fmt.Sprint(v), 1<<10) }

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
	j, err := json.Marshal(v)
	if err != nil {
		e.string("!ERROR: " + err.Error())
		return
	}
	if len(j) > maxInfo-len(e.buf) {
		e.cut()
		e.string(fmt.Sprintf("(%d bytes left out)", len(j)))
		return
	}
	e.buf = jsontext.AppendShallow(e.buf, j, maxDepth-depth)
}

// text writes a key of our own.
func (e *encoder) text(key, value string) {
	e.buf = append(append(append(e.buf, '"'), key...), '"', ':')
	e.string(value)
	e.buf = append(e.buf, ',')
}

// fields encodes attrs one by one, for Point.Add.
func (e *encoder) fields(attrs []slog.Attr) []field {
	fields := make([]field, 0, len(attrs))
	for _, a := range attrs {
		if a.Key == "" {
			continue
		}
		from := len(e.buf)
		e.value(a.Value, 1)
		fields = append(fields, field{a.Key, slices.Clone(e.buf[from:])})
	}
	return mergeFields(nil, fields)
}

// mergeFields adds more to fields; of two with the same key the later stays.
func mergeFields(fields, more []field) []field {
	for _, f := range more {
		i := slices.IndexFunc(fields, func(g field) bool { return g.key == f.key })
		if i >= 0 {
			fields = slices.Delete(fields, i, i+1)
		}
		fields = append(fields, f)
	}
	return fields
}

// encoded writes what Add has gathered, but for the keys that Stop gives too.
func (e *encoder) encoded(added []field, attrs []slog.Attr, group string) {
	for _, f := range added {
		if group == "" && laterSame(attrs, f.key) || group == f.key && len(attrs) > 0 {
			continue
		}
		if len(e.buf)+len(f.value) > maxInfo {
			e.cut()
			continue
		}
		if !e.key(f.key, 1) {
			return
		}
		e.buf = append(append(e.buf, f.value...), ',')
	}
}
