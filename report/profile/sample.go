package profile

import (
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// sample holds what single traces consist of, of all of them until there are too
// many: then of half of them, and so on, as a hash of a trace's place decides.
type sample struct {
	rows    []row
	parts   int
	skipped bool // there are traces that it does not hold
	mask    uint64
	seen    uint64
	values  values
}

// maxParts bounds the sample: about 100 bytes each.
const maxParts = 1 << 20

// row is one trace.
type row struct {
	hash  uint64
	kind  *Path
	total time.Duration
	parts []part
}

// part is what one path had of a trace.
type part struct {
	path   *Path
	took   time.Duration // on the critical path
	count  int32
	values []int32 // of the attributes of the point that took most
}

// sum is a part while its trace is added.
type sum struct {
	part
	most    time.Duration
	longest *report.Point
}

func (p *sum) add(s *findings.Step) {
	p.took = saturate.Add(p.took, s.Path)
	p.count += int32(min(s.Times, math.MaxInt32-int(p.count)))
	if p.longest == nil || s.Max > p.most {
		p.longest, p.most = s.Point, s.Max
	}
}

func newSample() sample { return sample{values: newValues()} }

func (s *sample) add(r *report.Report, kind *Path, total time.Duration, sums []*sum) {
	w := row{kind: kind, total: total}
	for _, p := range sums {
		p.values = s.values.of(r, p.longest)
		w.parts = append(w.parts, p.part)
	}
	w.parts = slices.Clip(w.parts)
	s.keep(w)
}

// keep adds a row, and drops others until there is room.
func (s *sample) keep(w row) {
	s.seen++
	w.hash = mix(s.seen)
	if w.hash&s.mask != 0 {
		s.skipped = true
		return
	}
	s.rows = append(s.rows, w)
	s.parts += len(w.parts)
	for s.parts > maxParts && len(s.rows) > 1 {
		s.mask = s.mask<<1 | 1
		s.skipped = true
		s.rows = slices.DeleteFunc(s.rows, func(w row) bool { return w.hash&s.mask != 0 })
		s.parts = 0
		for i := range s.rows {
			s.parts += len(s.rows[i].parts)
		}
	}
}

// mix spreads a number's bits.
func mix(n uint64) uint64 {
	high, low := bits.Mul64(n^0x9e3779b97f4a7c15, 0xd1b54a32d192ed03)
	n = high ^ low
	high, low = bits.Mul64(n, 0x8cb92ba72f3d8dd7)
	return high ^ low
}

// values numbers the values of attributes that have few.
type values struct {
	list  []value
	index map[value]int32
	names map[string]*int // how many values each has; more than maxValues: too many
}

type value struct{ name, text string }

const (
	maxNames  = 256 // of attributes
	maxValues = 32  // of one
	maxValue  = 64  // bytes of a name and of a value
	maxOwn    = 32  // attributes of a point
)

func newValues() values { return values{index: map[value]int32{}, names: map[string]*int{}} }

// of are those of a point: its host, what stands in its info, and in the groups of
// that.
func (v *values) of(r *report.Report, p *report.Point) (list []int32) {
	add := func(name, text string) {
		if i := v.number(name, text); i >= 0 && len(list) < maxOwn {
			list = append(list, i)
		}
	}
	add("host", p.Host)
	for _, phase := range []record.Phase{record.Start, record.Stop} {
		jsontext.UniqueMembers(r.Info(p, phase), func(key, text []byte) {
			switch {
			case isScalar(text):
				if name := unquoted(key); name != "host" && name != "message" {
					add(name, unquoted(text))
				}
			case text[0] == '{' && string(key) != `"sonde"`:
				group := unquoted(key)
				jsontext.UniqueMembers(text, func(key, text []byte) {
					if isScalar(text) {
						add(group+"."+unquoted(key), unquoted(text))
					}
				})
			}
		})
	}
	return slices.Clip(list)
}

// number is that of a value, -1 if its attribute has too many.
func (v *values) number(name, text string) int32 {
	if text == "" || len(name) > maxValue || len(text) > maxValue {
		return -1
	}
	if i, ok := v.index[value{name, text}]; ok {
		return i
	}
	n := v.names[name]
	if n == nil {
		if len(v.names) >= maxNames {
			return -1
		}
		n = new(int)
		v.names[strings.Clone(name)] = n
	}
	if *n++; *n > maxValues {
		return -1
	}
	i := int32(len(v.list))
	one := value{strings.Clone(name), strings.Clone(text)}
	v.list = append(v.list, one)
	v.index[one] = i
	return i
}

// few reports whether a value is of an attribute that has few.
func (v *values) few(i int32) bool { return *v.names[v.list[i].name] <= maxValues }

func isScalar(text []byte) bool {
	return len(text) <= maxValue && text[0] != '{' && text[0] != '[' && text[0] != 'n'
}

func unquoted(value []byte) string {
	if text, ok := jsontext.Text(value); ok {
		return text
	}
	return string(value)
}
