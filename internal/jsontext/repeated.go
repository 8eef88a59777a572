package jsontext

import (
	"bytes"
	"unicode/utf8"
)

// repeat says how to write a member whose key occurs more than once in its object:
// the first gets the value of the last, the others are left out.
type repeat struct {
	value int // where the value begins, 0: the member is left out
	end   int // of the member as it stands
}

// repeated finds the members of a text whose keys are repeated, by where they
// begin.
type repeated struct {
	Cursor
	keys    [][]byte // of the objects that are open
	members []place  // likewise
	found   map[int]repeat
}

// place is where a member stands.
type place struct{ key, value, end int }

func (r *repeated) walk() {
	switch r.Kind() {
	case '[':
		for r.Open(); r.Next(); {
			r.walk()
		}
	case '{':
		r.object()
	default:
		r.Value()
	}
}

func (r *repeated) object() {
	from := len(r.keys)
	for r.Open(); r.Next(); {
		p := place{key: r.at}
		key := r.Key()
		p.value = r.at
		r.walk()
		p.end = r.at
		r.keys, r.members = append(r.keys, key), append(r.members, p)
	}
	members := r.members[from:]
	for i, first := range firsts(r.keys[from:]) {
		if first == i {
			continue
		}
		if r.found == nil {
			r.found = map[int]repeat{}
		}
		r.found[members[first].key] = repeat{members[i].value, members[first].end}
		r.found[members[i].key] = repeat{0, members[i].end}
	}
	r.keys, r.members = r.keys[:from], r.members[:from]
}

// firsts returns for each key the index of the first one that means the same, or
// nil if all differ.
func firsts(keys [][]byte) []int {
	if len(keys) <= 8 && distinct(keys) {
		return nil
	}
	first := make([]int, len(keys))
	at := make(map[string]int, len(keys))
	var w Writer
	for i, key := range keys {
		w.buf = w.buf[:0]
		w.quoted(key)
		n, ok := at[string(w.buf)]
		if !ok {
			n = i
			at[string(w.buf)] = i
		}
		first[i] = n
	}
	if len(at) == len(keys) {
		return nil
	}
	return first
}

// distinct reports whether a few keys surely differ.
func distinct(keys [][]byte) bool {
	for i, key := range keys {
		for _, c := range key {
			if c == '\\' || c >= utf8.RuneSelf {
				return false
			}
		}
		for _, before := range keys[:i] {
			if bytes.Equal(key, before) {
				return false
			}
		}
	}
	return true
}
