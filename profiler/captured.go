package profiler

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
)

// maxCaptured is how many elements a list or a map may have that is captured.
const maxCaptured = 1 << 10

// capturing begins a text: the JSON of arguments or results of a function. A text,
// since OSProfiler's are one, and a store that has learned the type of a member, as
// Elasticsearch does, takes no other.
func capturing(svc *Service) *encoder {
	e := newEncoder(svc)
	e.own()
	e.captures, e.buf = true, e.buf[:0]
	return e
}

// captured ends the text that e holds, and frees e. It sets *cut if something was too
// long.
func (e *encoder) captured(key string, cut *bool) slog.Attr {
	defer e.free()
	*cut = *cut || e.truncated
	return slog.String(key, string(e.buf))
}

// list writes the list of the values that have no name, or of all of them.
func (e *encoder) list(values []slog.Attr, all bool) {
	e.buf = append(e.buf, '[')
	sep := ""
	for i := range values {
		a := &values[i]
		if !all && a.Key != "" {
			continue
		}
		if len(e.buf) >= e.limit {
			e.truncated = true
			break
		}
		e.buf = append(e.buf, sep...)
		e.unless(e.hides(a), a.Value, 2)
		sep = ","
	}
	e.buf = append(e.buf, ']')
}

// object writes the object of the values that have a name.
func (e *encoder) object(values []slog.Attr) {
	e.buf = append(e.buf, '{')
	for i := range values {
		a := &values[i]
		if a.Key == "" {
			continue
		}
		hidden, full := e.key(a.Key, 2)
		if full {
			break
		}
		e.unless(hidden, a.Value, 2)
		e.buf = append(e.buf, ',')
	}
	e.closeObject()
	e.buf = e.buf[:len(e.buf)-1] // the comma
}

// hides says whether the mask hides a value that is written without its name.
func (e *encoder) hides(a *slog.Attr) bool { return e.mask != nil && e.mask.Hides(a.Key) }

// result writes one value as it is, and several as a list, or as an object if all have
// names.
func (e *encoder) result(values []slog.Attr) {
	switch {
	case len(values) == 1:
		e.unless(e.hides(&values[0]), values[0].Value, 1)
	case laterSame(values, ""):
		e.list(values, true)
	default:
		e.object(values)
	}
}

// capture writes a value that a function was given or has returned. Other than an
// attribute, nobody has chosen it for a record, so what is inside passes the mask, and
// what says nothing is its type.
func (e *encoder) capture(v any, depth int) {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		e.buf = append(e.buf, "null"...)
		return
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Chan, reflect.Func:
		if r.IsNil() {
			e.buf = append(e.buf, "null"...)
			return
		}
	}
	switch u := v.(type) {
	case *url.URL:
		e.string(u.String()) // the query is masked there, and is not in JSON
		return
	case url.URL:
		e.string(u.String())
		return
	case json.Marshaler, encoding.TextMarshaler:
		e.json(v, depth)
		return
	case error:
		e.string(u.Error())
		return
	}
	t := r.Type()
	switch r.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array:
		if r.Len() > maxCaptured {
			e.string(fmt.Sprintf("(%v of %d)", t, r.Len()))
			return
		}
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		e.string("(" + t.String() + ")")
		return
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if left := e.limit - len(e.buf); weigh(r, left) < 0 {
		e.truncated = true
		e.string("(" + r.Type().String() + " left out)")
		return
	}
	if t.Kind() == reflect.Struct && exports(t) {
		e.json(v, depth)
		return
	}
	switch s, ok := v.(fmt.Stringer); {
	case ok:
		e.string(s.String())
	case t.Kind() == reflect.Struct && t.NumField() > 0:
		e.string("(" + r.Type().String() + ")")
	default:
		e.json(v, depth)
	}
}

// exports reports whether a struct has an exported field.
func exports(t reflect.Type) bool {
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Struct && exports(f.Type) {
			return true
		}
	}
	return false
}

var (
	marshalsJSON = reflect.TypeFor[json.Marshaler]()
	marshalsText = reflect.TypeFor[encoding.TextMarshaler]()
)

// weigh subtracts from left what the JSON of v has at the least: a byte for each value
// for each of a text and four for a name. It gives up below zero, so that what is far too long, or has
// no end, costs no more than what is stored, and is not made first.
func weigh(v reflect.Value, left int) int {
	if left--; left < 0 {
		return left
	}
	switch t := v.Type(); t.Kind() {
	case reflect.Bool, reflect.Chan, reflect.Func:
		return left
	case reflect.String:
		return left - v.Len()
	default:
		if t.NumMethod() > 0 && t.Kind() != reflect.Interface && (t.Implements(marshalsJSON) || t.Implements(marshalsText)) {
			return left
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return weigh(v.Elem(), left)
		}
	case reflect.Slice, reflect.Array:
		if v.Len() > left {
			return -1
		}
		switch v.Type().Elem().Kind() {
		case reflect.String, reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Array, reflect.Map, reflect.Struct:
			for i := 0; i < v.Len() && left >= 0; i++ {
				left = weigh(v.Index(i), left)
			}
		default:
			left -= v.Len()
		}
	case reflect.Map:
		for entries := v.MapRange(); left >= 0 && entries.Next(); {
			left = weigh(entries.Value(), left)
		}
	case reflect.Struct:
		for i := 0; i < v.NumField() && left >= 0; i++ {
			f := v.Type().Field(i)
			switch {
			case !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-" || v.Field(i).IsZero():
				continue
			case !f.Anonymous:
				left -= len(`"n":`)
			}
			left = weigh(v.Field(i), left)
		}
	}
	return left
}
