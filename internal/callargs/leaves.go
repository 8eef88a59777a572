package callargs

import (
	"reflect"
	"time"
)

// What Leaves looks at, so that no argument costs more than what sends it.
const (
	maxDepth  = 6
	maxLeaves = 1000
)

// Leaves yields what value is made of, in a fixed order: nil, bool, int64, float64,
// string, []byte and time.Time, and the length of each list as an int64 before its
// members. It calls no method of value. It returns false if there is something else
// in it, such as a map or a channel, or too much.
func Leaves(value any, yield func(leaf any)) bool {
	w := walker{yield: yield}
	return w.walk(reflect.ValueOf(value), maxDepth)
}

type walker struct {
	yield func(any)
	n     int
}

func (w *walker) leaf(v any) bool {
	if w.n++; w.n > maxLeaves {
		return false
	}
	w.yield(v)
	return true
}

func (w *walker) walk(v reflect.Value, depth int) bool {
	if depth == 0 {
		return false
	}
	switch v.Kind() {
	case reflect.Invalid:
		return w.leaf(nil)
	case reflect.Bool:
		return w.leaf(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return w.leaf(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return w.leaf(int64(v.Uint()))
	case reflect.Float32, reflect.Float64:
		return w.leaf(v.Float())
	case reflect.String:
		return w.leaf(v.String())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return w.leaf(nil)
		}
		return w.walk(v.Elem(), depth-1)
	case reflect.Slice:
		if v.IsNil() {
			return w.leaf(nil)
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return w.leaf(v.Bytes())
		}
		return w.list(v, depth)
	case reflect.Array:
		return w.list(v, depth)
	case reflect.Struct:
		return w.fields(v, depth)
	}
	return false
}

func (w *walker) list(v reflect.Value, depth int) bool {
	if !w.leaf(int64(v.Len())) {
		return false
	}
	for i := range v.Len() {
		if !w.walk(v.Index(i), depth-1) {
			return false
		}
	}
	return true
}

// fields walks through a struct. A time that cannot be read, since its field is not
// exported, is not known.
func (w *walker) fields(v reflect.Value, depth int) bool {
	if v.Type() == reflect.TypeFor[time.Time]() {
		if !v.CanInterface() {
			return false
		}
		return w.leaf(v.Interface().(time.Time))
	}
	for i := range v.NumField() {
		if !w.walk(v.Field(i), depth-1) {
			return false
		}
	}
	return true
}

// Simple returns value as one of the leaves if it is one, by another type or behind a
// pointer, and otherwise value itself.
func Simple(value any) any {
	switch value.(type) {
	case nil, bool, int64, float64, string, []byte, time.Time:
		return value
	}
	v := reflect.ValueOf(value)
	for range maxDepth {
		if v.Kind() != reflect.Pointer || v.IsNil() {
			break
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Array, reflect.Interface:
		if v.Type() != reflect.TypeFor[time.Time]() {
			return value
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return value
		}
	}
	simple, leaves := value, 0
	if !Leaves(value, func(leaf any) { simple = leaf; leaves++ }) || leaves != 1 {
		return value
	}
	return simple
}
