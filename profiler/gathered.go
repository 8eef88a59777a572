package profiler

import (
	"log/slog"
	"runtime"
	"slices"
	"strconv"
)

const (
	maxGathered  = maxInfo - 512 // bytes of info; the rest is for how the point ended
	smallGather  = 1 << 10       // bytes that count as part of the point itself
	gatherGrowth = 2 << 10       // bytes that are asked for at once
	fewFields    = 16            // are found by looking at each
)

// gathered holds what Add and Append have given to a point that is still open, in
// the order of the stop record: at most maxGathered bytes, which count against the
// queue's memory. Each call takes constant time, however many there are. It is
// guarded by trace.mu.
type gathered struct {
	fields []field        // one that was replaced has no value
	at     map[string]int // the keys' places in fields, once there are many
	live   int            // fields that have a value
	bytes  int            // of info that they take
	cut    bool           // something found no room
	loan   *loan          // of the queue's memory; nil while little is gathered
}

// loan is the part of the queue's memory that a point's attributes take. The point
// gives it back when it ends, or when it is garbage collected without having ended.
type loan struct {
	from    budgets
	bytes   int
	cleanup runtime.Cleanup
}

// back gives the whole loan back.
func (l *loan) back() {
	l.from.add(-l.bytes, 0)
	l.bytes = 0
}

// borrow makes sure that the given number of bytes of g is counted. It returns
// false if the queue's memory has no room for them.
func (g *gathered) borrow(bytes int, b budgets) bool {
	if bytes <= smallGather || g.loan != nil && bytes <= g.loan.bytes {
		return true
	}
	if g.loan == nil {
		g.loan = &loan{from: b}
		g.loan.cleanup = runtime.AddCleanup(g, (*loan).back, g.loan)
	}
	more := max(bytes-g.loan.bytes, gatherGrowth)
	if !b.reserve(more, 0) {
		return false
	}
	g.loan.bytes += more
	return true
}

// close gives back what g has borrowed.
func (g *gathered) close() {
	if g.loan != nil {
		g.loan.cleanup.Stop()
		g.loan.back()
	}
}

// field is an encoded attribute.
type field struct {
	key   string
	value []byte
	list  bool // made by Append
}

// bytes is the room that f takes in an info.
func (f *field) bytes() int { return len(f.key) + len(f.value) + len(`"":,`) }

// find returns the place of key, or -1 if it has none.
func (g *gathered) find(key string) int {
	if g.at != nil {
		if i, ok := g.at[key]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(g.fields, func(f field) bool { return f.value != nil && f.key == key })
}

// room returns how many bytes attrs may take; they replace the values that their
// keys have now.
func (g *gathered) room(attrs []slog.Attr) int {
	if g == nil {
		return maxGathered
	}
	room := maxGathered - g.bytes
	for _, a := range attrs {
		if i := g.find(a.Key); i >= 0 {
			room += g.fields[i].bytes()
		}
	}
	return room
}

// put adds a copy of f at the end and removes the previous value of its key. It
// returns false if there is no room.
func (g *gathered) put(f field, b budgets) bool {
	if i := g.find(f.key); i >= 0 {
		g.drop(i)
	}
	if g.bytes+f.bytes() > maxGathered || !g.borrow(g.bytes+f.bytes(), b) {
		g.cut = true
		return false
	}
	f.value = slices.Clone(f.value)
	g.fields = append(g.fields, f)
	g.live++
	g.bytes += f.bytes()
	switch {
	case len(g.fields) > 2*g.live+fewFields:
		g.compact()
	case g.at != nil:
		g.at[f.key] = len(g.fields) - 1
	case g.live > fewFields:
		g.index()
	}
	return true
}

func (g *gathered) drop(i int) {
	f := &g.fields[i]
	g.live--
	g.bytes -= f.bytes()
	delete(g.at, f.key)
	*f = field{}
}

// compact removes the places of fields that were replaced.
func (g *gathered) compact() {
	g.fields = slices.DeleteFunc(g.fields, func(f field) bool { return f.value == nil })
	if g.at != nil {
		g.index()
	}
}

func (g *gathered) index() {
	g.at = make(map[string]int, 2*g.live)
	for i := range g.fields {
		if f := &g.fields[i]; f.value != nil {
			g.at[f.key] = i
		}
	}
}

// append adds object to the list under key, or counts it as left out.
func (g *gathered) append(key string, object []byte, b budgets) {
	i := g.find(key)
	if i < 0 || !g.fields[i].list {
		if g.put(field{key, []byte("[]"), true}, b) {
			i = len(g.fields) - 1
		} else {
			i = -1
		}
	}
	if i >= 0 && g.bytes+len(object) < maxGathered && len(g.fields[i].value)+len(object) <= maxList &&
		g.borrow(g.bytes+len(object)+1, b) {
		f := &g.fields[i]
		g.bytes -= f.bytes()
		list := f.value[:len(f.value)-1]
		if len(list) > 1 {
			list = append(list, ',')
		}
		f.value = append(append(list, object...), ']')
		g.bytes += f.bytes()
		return
	}
	key += "_left_out"
	left := 0
	if i := g.find(key); i >= 0 {
		left, _ = strconv.Atoi(string(g.fields[i].value))
	}
	g.put(field{key: key, value: strconv.AppendInt(nil, int64(left)+1, 10)}, b)
}

// fields encodes attrs one by one into at most room bytes. The values are valid
// until e is freed.
func (e *encoder) fields(attrs []slog.Attr, room int) []field {
	e.limit = len(e.buf) + room
	fields := make([]field, 0, len(attrs))
	for _, a := range attrs {
		if a.Key == "" {
			continue
		}
		e.buf = append(append(append(e.buf, '"'), a.Key...), `":`...)
		if len(e.buf) >= e.limit {
			e.truncated = true
			break
		}
		from := len(e.buf)
		if e.mask.Hides(a.Key) {
			e.buf = append(e.buf, masked...)
		} else {
			e.value(a.Value, 1)
		}
		fields = append(fields, field{key: a.Key, value: e.buf[from:]})
		e.buf = append(e.buf, ',')
	}
	return fields
}

// gathered writes g, except for the keys that are also given to Stop.
func (e *encoder) gathered(g *gathered, attrs []slog.Attr, end *Ending) {
	e.truncated = e.truncated || g.cut
	for i := range g.fields {
		f := &g.fields[i]
		if f.value == nil || end.Group == "" && laterSame(attrs, f.key) ||
			end.Group == f.key && (len(attrs) > 0 || end.Encoded.members != "") {
			continue
		}
		if len(e.buf)+len(f.value) > e.limit {
			e.truncated = true
			continue
		}
		if _, full := e.key(f.key, 1); full {
			return
		}
		e.buf = append(append(e.buf, f.value...), ',')
	}
}
