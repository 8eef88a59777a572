package findings

import (
	"time"

	"github.com/sonde-go/sonde/report"
)

// Shifts are the clocks of r that differ from their callers', as [Find] tells them
// in [Result.Shifts], without looking for anything else. Of the options Now means
// something to it.
func Shifts(r *report.Report, o Options) (list []Shift) {
	for _, m := range newTree(r, o.withDefaults()).correct() {
		list = append(list, m.Shift)
	}
	return list
}

// Correction is what has to be added to the times of a point so that they are on the
// root's clock. It is nil if none of the shifts could be corrected.
func Correction(shifts []Shift) func(*report.Point) time.Duration {
	by := map[source]time.Duration{}
	for _, s := range shifts {
		if s.Corrected {
			by[source{s.Service, s.Host}] = s.By
		}
	}
	if len(by) == 0 {
		return nil
	}
	return func(p *report.Point) time.Duration { return by[source{p.Service, p.Host}] }
}
