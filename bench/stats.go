package main

import (
	"fmt"
	"iter"
	"runtime"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/profile"
)

const (
	statsTraces = 1000
	statsPoints = 100 // of each trace, and its root
)

// statistics measures what "sonde trace stats" does with many traces, once: no
// peer does it, so it is no row of the table.
func statistics() (string, error) {
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / 1e6
	}
	before, cpu := heap(), cpuTime()
	p := profile.New()
	points := 0
	for i := range statsTraces {
		r, err := report.Build(manyQueries(i))
		if err != nil {
			return "", err
		}
		points += r.Len()
		p.Add(r)
	}
	p.Explain(p.Kinds()[0])
	used := cpuTime() - cpu
	text := fmt.Sprintf("statistics of %d traces, %d points, their records decoded: %.2f s of CPU, %.1f MB held",
		statsTraces, points, used.Seconds(), heap()-before)
	runtime.KeepAlive(p)
	return text, nil
}

// manyQueries yields the records of a request with queries below it, whose times
// depend on i.
func manyQueries(i int) iter.Seq2[record.Record, error] {
	base, root := header.NewID(), header.NewID()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano()
	emit := func(yield func(record.Record, error) bool, name string, point, parent header.ID, phase record.Phase, at int64, info string) bool {
		e := record.New(record.Fields{
			Name: name, Phase: phase, Trace: base, Parent: parent, Point: point, Time: began + at,
			Service: "shop", Host: "host", Info: []byte(info),
		})
		return yield(record.Parse(e.AppendJSON(nil)))
	}
	return func(yield func(record.Record, error) bool) {
		if !emit(yield, "http", root, base, record.Start, 0, `{"request":{"path":"/cart","query":"","method":"GET","scheme":"http"},"host":"host"}`) {
			return
		}
		at := int64(0)
		for n := range statsPoints {
			point := header.NewID()
			info := fmt.Sprintf(`{"db":{"statement":"SELECT a FROM t%d WHERE id = ?"},"host":"host"}`, n%20)
			took := int64(100_000 + (i*n)%997*1000)
			if !emit(yield, "db", point, root, record.Start, at, info) || !emit(yield, "db", point, root, record.Stop, at+took, `{"host":"host"}`) {
				return
			}
			at += took + 10_000
		}
		emit(yield, "http", root, base, record.Stop, at, `{"response":{"status_code":200},"host":"host"}`)
	}
}
