package jsontext

import "bytes"

// Members calls each with the members of the JSON object b in order, keys with
// their quotes, until each returns false. It reports whether b is one JSON
// object, as far as it was read.
func Members(b []byte, each func(key, value []byte) bool) bool {
	i := SkipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return false
	}
	if i = SkipSpace(b, i+1); i < len(b) && b[i] == '}' {
		return SkipSpace(b, i+1) == len(b)
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return false
		}
		keyAt := i
		if i = skipString(b, i); i < 0 {
			return false
		}
		key := b[keyAt:i]
		if i = SkipSpace(b, i); i >= len(b) || b[i] != ':' {
			return false
		}
		valueAt := SkipSpace(b, i+1)
		if i = skip(b, valueAt, MaxDepth-1); i < 0 {
			return false
		}
		if !each(key, b[valueAt:i]) {
			return true
		}
		if i = SkipSpace(b, i); i >= len(b) {
			return false
		}
		if b[i] == '}' {
			return SkipSpace(b, i+1) == len(b)
		}
		if b[i] != ',' {
			return false
		}
		i = SkipSpace(b, i+1)
	}
}

// UniqueMembers calls each with the members of the JSON object b as Python reads
// them: of a repeated key the last value at the place of the first. It reports
// whether b is one JSON object, and calls nothing if it is not.
func UniqueMembers(b []byte, each func(key, value []byte)) bool {
	var fewKeys, fewValues [8][]byte
	keys, values := fewKeys[:0], fewValues[:0]
	ok := Members(b, func(key, value []byte) bool {
		keys, values = append(keys, key), append(values, value)
		return true
	})
	if !ok {
		return false
	}
	first := firsts(keys)
	for i, f := range first {
		values[f] = values[i]
	}
	for i, key := range keys {
		if first == nil || first[i] == i {
			each(key, values[i])
		}
	}
	return true
}

// Elements calls each with the elements of the JSON array b in order, until
// each returns false. It reports whether b is one JSON array, as far as it was
// read.
func Elements(b []byte, each func(value []byte) bool) bool {
	i := SkipSpace(b, 0)
	if i >= len(b) || b[i] != '[' {
		return false
	}
	if i = SkipSpace(b, i+1); i < len(b) && b[i] == ']' {
		return SkipSpace(b, i+1) == len(b)
	}
	for {
		at := i
		if i = skip(b, i, MaxDepth-1); i < 0 {
			return false
		}
		if !each(b[at:i]) {
			return true
		}
		if i = SkipSpace(b, i); i >= len(b) {
			return false
		}
		if b[i] == ']' {
			return SkipSpace(b, i+1) == len(b)
		}
		if b[i] != ',' {
			return false
		}
		i = SkipSpace(b, i+1)
	}
}

// Member returns the value of the last member of an object that has the given
// name.
func Member(object []byte, name string) (value []byte, ok bool) {
	Members(object, func(key, v []byte) bool {
		if KeyIs(key, name) {
			value, ok = v, true
		}
		return true
	})
	return value, ok
}

// Get follows a path of names into the JSON object b and returns the value
// there, nil if there is none.
func Get(b []byte, path ...string) []byte {
	for _, name := range path {
		b, _ = Member(b, name)
	}
	return b
}

// KeyIs reports whether a key, given with its quotes, is name.
func KeyIs(key []byte, name string) bool {
	if bytes.IndexByte(key, '\\') < 0 {
		return string(key[1:len(key)-1]) == name
	}
	return string(AppendUnquoted(nil, key)) == name
}
