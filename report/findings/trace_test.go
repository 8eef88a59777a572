package findings_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// point is a trace point of a test, with what is below it. Times are milliseconds
// since the beginning.
type point struct {
	name, id      string
	service, host string // "": the parent's
	from, to      float64
	open          bool   // no stop
	above         string // id of the parent, if it is not in the trace
	start, stop   map[string]any
	kids          []*point
}

func kind(k string) map[string]any { return map[string]any{"kind": k} }

// served is a request that a service served.
func served(service, method, path string, from, to float64, kids ...*point) *point {
	return &point{
		name: "http", service: service, host: "host-" + service, from: from, to: to, kids: kids,
		start: map[string]any{"request": map[string]any{"method": method, "path": path}},
		stop:  map[string]any{"response": map[string]any{"status_code": 200}},
	}
}

// get is a call of HTTP.
func get(host, path string, from, to float64, kids ...*point) *point {
	return &point{
		name: "http_client", from: from, to: to, kids: kids,
		start: map[string]any{"requests": map[string]any{"method": "GET", "hostname": host, "path": path}},
		stop:  map[string]any{"requests": map[string]any{"status_code": 200}},
	}
}

func query(statement string, from, to float64) *point {
	return &point{name: "db", from: from, to: to, start: map[string]any{"db": map[string]any{"statement": statement}}}
}

// rpc is a call of gRPC with its other side, which takes the time that latency
// leaves at both ends.
func rpc(service, method string, from, to, latency float64, kids ...*point) *point {
	server := &point{
		name: "grpc", service: service, host: "host-" + service, from: from + latency, to: to - latency, kids: kids,
		start: map[string]any{"grpc": map[string]any{"method": method}, "sonde": kind("server")},
		stop:  map[string]any{"grpc": map[string]any{"code": "OK"}},
	}
	return &point{
		name: "grpc_client", from: from, to: to, kids: []*point{server},
		start: map[string]any{"grpc": map[string]any{"method": method}, "sonde": kind("client")},
		stop:  map[string]any{"grpc": map[string]any{"code": "OK"}},
	}
}

func sent(subject string, from, to float64, kids ...*point) *point {
	return &point{
		name: "nats", from: from, to: to, kids: kids,
		start: map[string]any{"nats": map[string]any{"subject": subject}, "sonde": kind("producer")},
	}
}

func handled(service, subject string, from, to float64, kids ...*point) *point {
	return &point{
		name: "nats", service: service, from: from, to: to, kids: kids,
		start: map[string]any{"nats": map[string]any{"subject": subject}, "sonde": kind("consumer")},
	}
}

// work is a function's own point.
func work(name string, from, to float64, kids ...*point) *point {
	return &point{name: name, from: from, to: to, kids: kids, start: map[string]any{"sonde": kind("internal")}}
}

func (p *point) failing(etype, message string) *point {
	p.end("etype", etype)
	return p.end("message", message)
}

func (p *point) outcome(o string) *point { return p.end("outcome", o) }

func (p *point) end(key string, value any) *point {
	p.stop = maps.Clone(p.stop)
	if p.stop == nil {
		p.stop = map[string]any{}
	}
	p.stop[key] = value
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

// shift moves the clock that a point and all below it were recorded with.
func (p *point) shift(by float64) *point {
	p.from += by
	p.to += by
	for _, k := range p.kids {
		k.shift(by)
	}
	return p
}

// times repeats what make makes: n points of length each, with a pause after
// each.
func times(n int, from, length, pause float64, make func(i int, from, to float64) *point) (list []*point) {
	for i := range n {
		list = append(list, make(i, from, from+length))
		from += length + pause
	}
	return list
}

const traceID = "base"

var beginning = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// records are those of points below the trace itself.
func records(points ...*point) (list []record.Record) {
	n := 0
	var add func(p *point, parent, service, host string)
	add = func(p *point, parent, service, host string) {
		n++
		id := p.id
		if id == "" {
			id = strconv.Itoa(n)
		}
		if p.service != "" {
			service = p.service
			host = "host-" + service
		}
		if p.host != "" {
			host = p.host
		}
		if p.above != "" {
			parent = p.above
		}
		emit := func(phase string, ms float64, info map[string]any) {
			if info == nil {
				info = map[string]any{}
			}
			text, err := json.Marshal(info)
			if err != nil {
				panic(err)
			}
			list = append(list, record.Record{
				Name: p.name + "-" + phase, Trace: traceID, Parent: parent, Point: id,
				Timestamp: beginning.Add(time.Duration(ms * float64(time.Millisecond))).Format("2006-01-02T15:04:05.000000"),
				Service:   &service, Host: &host, Info: text,
			})
		}
		emit("start", p.from, p.start)
		for _, k := range p.kids {
			add(k, id, service, host)
		}
		if !p.open {
			emit("stop", p.to, p.stop)
		}
	}
	for _, p := range points {
		add(p, traceID, "svc", "host-svc")
	}
	return list
}

func ofRecords(t testing.TB, list []record.Record) *report.Report {
	t.Helper()
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

func trace(t testing.TB, points ...*point) *report.Report {
	t.Helper()
	return ofRecords(t, records(points...))
}

func item(i int) string { return fmt.Sprintf("/items/%d", i) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
