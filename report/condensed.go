package report

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/record"
)

// Repeated is what a point says that stands for several which did the same below one
// point, one after the other or at once: their service wrote no record of each. Such a
// point begins with the first of them and ends with the last.
type Repeated struct {
	Count    int           // at least 1
	Min, Max time.Duration // the shortest and the longest
	Total    time.Duration // sum of their durations
	AtOnce   int           // how many ran at one time at most; at least 1
	Differ   bool          // they did not all begin with the attributes that are stored
}

// mostTold is how many points one may stand for; a record that says more is not
// believed.
const mostTold = math.MaxInt32

// Repeated returns what p stands for, nil if it is one point like any other.
func (p *Point) Repeated() *Repeated { return p.report.repeated[p.index] }

// Times is how many points p stands for, itself included: 1, or Repeated.Count.
func (p *Point) Times() int {
	if r := p.Repeated(); r != nil {
		return r.Count
	}
	return 1
}

// Took is the time of all points that p stands for: its Duration, or Repeated.Total.
func (p *Point) Took() time.Duration {
	if r := p.Repeated(); r != nil {
		return r.Total
	}
	return p.Duration()
}

// Short returns the points below p that were too short for a record of their own, by
// name, as its service has counted them. Total leaves out what was below a point of the
// same name, Self what was below any. The names are hostile.
func (p *Point) Short() []Stat { return p.report.short[p.index] }

// Points returns how many points the trace had: Len, those that one stands for, and
// those that were too short for records of their own.
func (r *Report) Points() int { return r.Len() + r.condensed }

// Off returns the layers and names of which a service wrote no points, each once, in
// the order of [Report.All]; hostile. It reads all records.
func (r *Report) Off() (names []string) {
	if !r.mentioned.has("off") {
		return nil
	}
	for info := range r.infos() {
		jsontext.Elements(jsontext.Get(info, "sonde", "off"), func(value []byte) bool {
			if name, ok := jsontext.Text(value); ok && !slices.Contains(names, name) && len(names) < mostOff {
				names = append(names, name)
			}
			return true
		})
	}
	return names
}

const mostOff = 100

// SelfIn is the part of p's time in which no child ran, if it took length, of which the
// children that have records cover a part. Where p's service has left out records of
// children, it says itself for how long none of its own ran. It is for those who correct
// clocks; else see [Point.Self].
func (p *Point) SelfIn(length, covered time.Duration) time.Duration {
	if r := p.Repeated(); r != nil {
		return r.Total
	}
	if told, ok := p.report.selves[p.index]; ok {
		return min(max(0, length), told)
	}
	return max(0, length) - covered
}

// readCondensed reads what the stops say of points that have no records of their own.
func (b *builder) readCondensed() {
	if !b.mentioned.has("repeated") && !b.mentioned.has("self_us") && !b.mentioned.has("short") {
		return
	}
	b.repeated, b.short, b.selves = map[int32]*Repeated{}, map[int32][]Stat{}, map[int32]time.Duration{}
	for p := range b.All() {
		if !p.HasStop {
			continue
		}
		told := jsontext.Get(b.Info(p, record.Stop), "sonde")
		if told == nil {
			continue
		}
		if r := repeatedOf(jsontext.Get(told, "repeated")); r != nil {
			b.repeated[p.index] = r
			b.condensed += r.Count - 1
		}
		if self, ok := micros(jsontext.Get(told, "self_us")); ok {
			b.selves[p.index] = self
		}
		b.readShort(p, jsontext.Get(told, "short"))
	}
}

func (b *builder) readShort(p *Point, told []byte) {
	jsontext.UniqueMembers(told, func(key, value []byte) {
		s := Stat{Name: plainText(key), Count: int(count(jsontext.Get(value, "count")))}
		s.Total, _ = micros(jsontext.Get(value, "total_us"))
		s.Self, _ = micros(jsontext.Get(value, "self_us"))
		s.Max, _ = micros(jsontext.Get(value, "max_us"))
		if s.Count > 0 && len(b.short[p.index]) < mostShort {
			b.short[p.index] = append(b.short[p.index], s)
			b.condensed += s.Count
		}
	})
}

// mostShort is how many names of short points one point may have.
const mostShort = 100

func repeatedOf(told []byte) *Repeated {
	r := &Repeated{Count: int(count(jsontext.Get(told, "count"))), AtOnce: int(count(jsontext.Get(told, "at_once")))}
	if r.Count == 0 {
		return nil
	}
	r.AtOnce = min(max(1, r.AtOnce), r.Count)
	r.Min, _ = micros(jsontext.Get(told, "min_us"))
	r.Max, _ = micros(jsontext.Get(told, "max_us"))
	r.Total, _ = micros(jsontext.Get(told, "total_us"))
	r.Differ = string(jsontext.Get(told, "differ")) == "true"
	return r
}

// count is a number that a record tells, 0 if it is none.
func count(value []byte) int64 {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 0 || n > mostTold {
		return 0
	}
	return n
}

// micros is a time that a record tells.
func micros(value []byte) (time.Duration, bool) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 0 {
		return 0, false
	}
	return duration(n), true
}

// addShort adds the points that had no records to the sums, but for their Total.
func (b *builder) addShort() {
	for p := range b.All() {
		for _, more := range b.short[p.index] {
			s := &b.Stats[b.statOf(more.Name)]
			s.Count += more.Count
			s.Self = saturate.Add(s.Self, more.Self)
			s.Max = max(s.Max, more.Max)
			if p.Depth < 0 {
				s.Total = saturate.Add(s.Total, more.Total)
			}
		}
	}
}
