package browser

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/report"
)

// trace is written point by point.
type trace struct {
	records strings.Builder
	points  int
}

// step is a point from and to so many microseconds after the trace's beginning.
type step struct {
	below, name, service string
	from, to             int
	start, stop          map[string]any
}

// add writes a point and returns its id.
func (tr *trace) add(s step) string {
	tr.points++
	id := fmt.Sprintf("%08x-0000-4000-8000-000000000000", tr.points)
	below := s.below
	if below == "" {
		below = "base"
	}
	for _, half := range []struct {
		name string
		at   int
		info map[string]any
	}{{"start", s.from, s.start}, {"stop", s.to, s.stop}} {
		if half.at < 0 {
			continue // which has not ended
		}
		info := map[string]any{"host": "node-" + s.service}
		for k, v := range half.info {
			info[k] = v
		}
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(half.at) * time.Microsecond)
		text, err := json.Marshal(map[string]any{
			"name": s.name + "-" + half.name, "base_id": "base", "trace_id": id, "parent_id": below, "project": "shop",
			"service": s.service, "timestamp": at.Format("2006-01-02T15:04:05.000000"), "info": info,
		})
		if err != nil {
			panic(err) // of a test's own values
		}
		tr.records.Write(append(text, '\n'))
	}
	return id
}

func (tr *trace) report(t *testing.T) *report.Report {
	t.Helper()
	r, err := report.Read([]byte(tr.records.String()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type object = map[string]any

// checkout is a request through four services, with a query that is repeated, a
// failure that was survived, logs, and a message.
func checkout(t *testing.T) *report.Report {
	t.Helper()
	var tr trace
	root := tr.add(step{"", "http", "gateway", 0, 412_000, object{"request": object{"method": "POST", "path": "/checkout", "query": "", "scheme": "https"}},
		object{"response": object{"status_code": 200}}})
	call := tr.add(step{root, "grpc_client", "gateway", 3_000, 296_000, object{"grpc": object{"method": "/shop.Cart/Total"}}, nil})
	cart := tr.add(step{call, "grpc", "cart", 4_000, 295_000, object{"grpc": object{"method": "/shop.Cart/Total"}}, object{
		"log": []any{
			object{"time": "2026-01-02T03:04:05.012Z", "level": "INFO", "message": "cart loaded", "attributes": object{"items": 40, "customer": "c-17"}},
			object{"time": "2026-01-02T03:04:05.290Z", "level": "ERROR", "message": "a price was stale", "attributes": object{"sku": "w-9"}},
		},
	}})
	tr.add(step{cart, "db", "cart", 6_000, 11_000, object{"db": object{
		"statement": "SELECT c.id, c.customer, i.sku, i.count FROM carts c LEFT JOIN items i ON i.cart = c.id WHERE c.customer = $1 AND c.state = 'open' ORDER BY i.sku LIMIT 100", "params": object{"args_hash": "ab12"},
	}}, nil})
	for i := range 40 {
		tr.add(step{cart, "db", "cart", 12_000 + i*7_000, 18_500 + i*7_000, object{"db": object{"statement": "SELECT price, currency FROM prices WHERE sku = $1", "params": object{"args_hash": fmt.Sprint(i)}}}, nil})
	}
	pay := tr.add(step{root, "http_client", "gateway", 298_000, 352_000, object{"request": object{"method": "POST", "path": "/v1/pay", "scheme": "https", "host": "bank"}}, object{"response": object{"status_code": 402}}})
	tr.add(step{pay, "http", "bank", 300_000, 350_000, object{"request": object{"method": "POST", "path": "/v1/pay", "scheme": "https"}},
		object{"etype": "bank.CardError", "message": "no such card\n  at pay.go:71\n  at main.go:12"}})
	tr.add(step{root, "render", "gateway", 353_000, 409_000, object{"function": object{"name": "main.render"}}, nil})
	send := tr.add(step{root, "nats_publish", "gateway", 409_500, 410_000, object{"nats": object{"subject": "orders.new"}}, nil})
	work := tr.add(step{send, "nats_process", "worker", 411_000, 470_000, object{"nats": object{"subject": "orders.new"}}, nil})
	tr.add(step{work, "db", "worker", 420_000, 466_000, object{"db": object{"statement": "INSERT INTO orders (id, customer, total) VALUES ($1, $2, $3)"}}, nil})
	return tr.report(t)
}

// large is a request with n points below it, in groups of a hundred.
func large(t *testing.T, n int) *report.Report {
	t.Helper()
	var tr trace
	root := tr.add(step{"", "http", "shop", 0, n * 12, object{"request": object{"method": "GET", "path": "/all"}}, nil})
	group := ""
	for i := 1; i < n; i++ {
		switch {
		case i%100 == 1:
			group = tr.add(step{root, "batch", "shop", i * 10, i*10 + 1000, object{"function": object{"name": fmt.Sprint("batch ", i)}}, nil})
		case i == n-1:
			tr.add(step{group, "the last", "stock", i * 10, i*10 + 9, nil, object{"etype": "Late", "message": "the needle"}})
		default:
			tr.add(step{group, fmt.Sprint("step", i%7), "stock", i * 10, i*10 + 9, object{"db": object{"statement": fmt.Sprintf("SELECT %d FROM t", i)}}, nil})
		}
	}
	return tr.report(t)
}
