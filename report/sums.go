package report

import "github.com/sonde-go/sonde/internal/saturate"

// The figures of Stats.

func (b *builder) sumUp() {
	for p := range b.All() {
		s := &b.Stats[p.stat]
		s.points++
		s.Count += p.Times()
		if p.Depth < 0 {
			s.Total = saturate.Add(s.Total, p.Took())
		}
		s.Self = saturate.Add(s.Self, p.Self())
		if r := p.Repeated(); r != nil {
			s.Max = max(s.Max, r.Max)
		} else {
			s.Max = max(s.Max, p.Duration())
		}
		s.millis = saturate.Add(s.millis, millis(p.stopped)-millis(p.started))
	}
	b.addShort()
	b.sumTotals()
}

// sumTotals adds up the durations of the tree's points by name. The time of a point
// below another of its name is included in the other's.
func (b *builder) sumTotals() {
	open := make([]int32, len(b.Stats)) // how many of each name are on the way down to a point
	var way []int32                     // names
	for p := range b.Walk() {
		for len(way) > int(p.Depth) {
			open[way[len(way)-1]]--
			way = way[:len(way)-1]
		}
		if open[p.stat] == 0 {
			s := &b.Stats[p.stat]
			s.Total = saturate.Add(s.Total, p.Took())
		}
		open[p.stat]++
		way = append(way, p.stat)
		for _, more := range p.Short() {
			if i := b.statOf(more.Name); open[i] == 0 {
				b.Stats[i].Total = saturate.Add(b.Stats[i].Total, more.Total)
			}
		}
	}
}

// millis cuts microseconds as OSProfiler does, which calculates with floating
// point.
func millis(micros int64) int64 { return int64(float64(micros) / 1000) }
