package profile_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// point is a trace point of a test that first does what is below it, one after the
// other, and then something of its own.
type point struct {
	name, service, host string // "": the parent's
	ms                  float64
	start, stop         map[string]any
	kids                []*point
	open                bool // without a stop
}

func served(service, method, path string, kids ...*point) *point {
	return &point{name: "http", service: service, kids: kids,
		start: map[string]any{"request": map[string]any{"method": method, "path": path}},
		stop:  map[string]any{"response": map[string]any{"status_code": 200}}}
}

func call(method, host, path string, ms float64, kids ...*point) *point {
	return &point{name: "http_client", ms: ms, kids: kids,
		start: map[string]any{"requests": map[string]any{"method": method, "hostname": host, "path": path}}, stop: map[string]any{}}
}

func get(host, path string, ms float64, kids ...*point) *point {
	return call("GET", host, path, ms, kids...)
}

func query(statement string, ms float64) *point {
	return &point{name: "db", ms: ms, start: map[string]any{"db": map[string]any{"statement": statement}}, stop: map[string]any{}}
}

func work(name string, ms float64, kids ...*point) *point {
	return &point{name: name, ms: ms, kids: kids, start: map[string]any{"sonde": map[string]any{"kind": "internal"}}, stop: map[string]any{}}
}

func (p *point) own(ms float64) *point {
	p.ms = ms
	return p
}

func (p *point) unended() *point {
	p.open = true
	return p
}

func (p *point) on(host string) *point {
	p.host = host
	return p
}

func (p *point) with(name string, value any) *point {
	p.start = maps.Clone(p.start)
	p.start[name] = value
	return p
}

// build is the report of a trace.
func build(t testing.TB, number int, root *point) *report.Report {
	t.Helper()
	base := fmt.Sprint("trace", number)
	var list []record.Record
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var add func(p *point, parent, service, host string)
	add = func(p *point, parent, service, host string) {
		if p.service != "" {
			service, host = p.service, p.service+"1"
		}
		if p.host != "" {
			host = p.host
		}
		id := fmt.Sprint(base, "-", len(list))
		emit := func(phase string, info map[string]any) {
			text, err := json.Marshal(info)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, record.Record{Name: p.name + "-" + phase, Trace: base, Parent: parent, Point: id,
				Timestamp: at.Format("2006-01-02T15:04:05.000000"), Service: &service, Host: &host, Info: text})
		}
		emit("start", p.start)
		for _, k := range p.kids {
			add(k, id, service, host)
		}
		if p.open {
			return
		}
		at = at.Add(time.Duration(math.Round(p.ms*1000)) * time.Microsecond)
		emit("stop", p.stop)
	}
	add(root, base, "svc", "h")
	r, err := report.Build(func(yield func(record.Record, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
