package profiler

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
)

// maxList is how many bytes of info a list may have.
const maxList = maxInfo / 2

// PointOf returns the innermost point that ctx carries, for adding attributes
// to a point that was opened elsewhere, and a zero Point without a profiler.
// Whoever opened a point ends it.
func PointOf(ctx context.Context) Point { return Point{current(ctx)} }

// Append adds attrs, as one object, to the list under key in the point's stop
// record. A list takes 8 KiB; how many objects did not find room is told as
// key + "_left_out". Attributes given under the same key in another way
// replace the list.
func (p Point) Append(key string, attrs ...slog.Attr) {
	n := p.n
	if n == nil || key == "" {
		return
	}
	e := encoder{svc: n.trace.svc}
	e.value(slog.GroupValue(attrs...), 2)
	n.trace.mu.Lock()
	late := n.state.Or(stateAdded)&stateEnded != 0
	if !late {
		n.added = appendTo(n.added, key, e.buf)
	}
	n.trace.mu.Unlock()
	if late {
		n.trace.svc.late.Add(1)
	}
}

func appendTo(fields []field, key string, object []byte) []field {
	at := func(key string) int {
		return slices.IndexFunc(fields, func(f field) bool { return f.key == key })
	}
	i := at(key)
	if i < 0 {
		fields = append(fields, field{key, []byte("[]")})
		i = len(fields) - 1
	}
	list := fields[i].value
	if len(list)+len(object) <= maxList {
		list = list[:len(list)-1]
		if len(list) > 1 {
			list = append(list, ',')
		}
		fields[i].value = append(append(list, object...), ']')
		return fields
	}
	key += "_left_out"
	j := at(key)
	if j < 0 {
		return append(fields, field{key, []byte("1")})
	}
	left, _ := strconv.Atoi(string(fields[j].value))
	fields[j].value = strconv.AppendInt(nil, int64(left)+1, 10)
	return fields
}
