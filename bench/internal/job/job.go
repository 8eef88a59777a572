// Package job writes the trace that benchmarks of reports read.
package job

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// Trace is the id of the trace, the same in every file.
var Trace = id(0, 1)

const began = 1_767_323_045_000_000_000 // 2026-01-02T03:04:05Z

// id is a UUID that looks drawn at random, the same in each run.
func id(high, low uint64) header.ID {
	var u [16]byte
	mixed := rand.New(rand.NewPCG(high, low))
	binary.BigEndian.PutUint64(u[:8], mixed.Uint64()&^0xf000|0x4000)
	binary.BigEndian.PutUint64(u[8:], mixed.Uint64()&^(3<<62)|2<<62)
	made, _ := header.FromUUID(u)
	return made
}

// writer writes the records of one long job: it handles orders, for each of which
// it calls a service that asks its database, and no two of which are alike in
// their ids and arguments.
type writer struct {
	out    *bufio.Writer
	random *rand.Rand
	points uint64
	limit  uint64
	clock  int64 // nanoseconds since began
	line   []byte
	err    error
}

// place is where a point is recorded.
type place struct{ service, host string }

var (
	worker  = place{"orders", "worker-1"}
	catalog = place{"catalog", "node-7"}
)

// Write writes a file of a trace of n points, two records each, as JSON lines.
func Write(name string, n int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := writeTrace(f, n); err != nil {
		return err
	}
	return f.Close()
}

func writeTrace(out io.Writer, n int) error {
	w := writer{out: bufio.NewWriterSize(out, 1<<20), random: rand.New(rand.NewPCG(1, 2)), limit: uint64(n)}
	w.point("job", Trace, worker, `"function":{"name":"shop.Worker.Run"}`, "internal", "", func(root header.ID) {
		for w.points < w.limit {
			w.order(root)
		}
	})
	if w.err != nil {
		return w.err
	}
	return w.out.Flush()
}

var statements = []string{
	"SELECT sku, price FROM items WHERE id = $1",
	"SELECT quantity FROM stock WHERE item = $1",
	"UPDATE stock SET quantity = $1 WHERE item = $2",
	"INSERT INTO lines (item, price) VALUES ($1, $2)",
}

func (w *writer) order(parent header.ID) {
	number := w.random.IntN(10_000_000)
	w.point("order", parent, worker, fmt.Sprintf(`"order":%d,"lines":%d`, number, 1+number%4), "internal", "", func(order header.ID) {
		for range 1 + number%4 {
			item := w.random.IntN(1_000_000)
			path := fmt.Sprintf("/items/%d", item)
			w.point("http_client", order, worker, `"requests":{"method":"GET","hostname":"catalog","port":80,"path":"`+path+`","query":""}`, "client",
				`"requests":{"status_code":200}`, func(call header.ID) {
					w.point("http", call, catalog, `"request":{"method":"GET","path":"`+path+`","query":"","scheme":"http"}`, "server",
						`"response":{"status_code":200,"route":"/items/{id}","size":`+fmt.Sprint(300+item%500)+`}`, func(served header.ID) {
							for range 1 + item%3 {
								w.query(served, catalog)
							}
						})
				})
			w.query(order, worker)
		}
	})
}

func (w *writer) query(parent header.ID, at place) {
	w.point("db", parent, at, `"db":{"statement":"`+statements[w.random.IntN(len(statements))]+`"}`, "client",
		fmt.Sprintf(`"db":{"rows_affected":%d}`, w.random.IntN(3)), nil)
}

// point writes a point with what is below it, unless there are enough of them.
func (w *writer) point(name string, parent header.ID, at place, start, kind, stop string, below func(header.ID)) {
	if w.points == w.limit {
		return
	}
	w.points++
	point := id(w.points, 2)
	w.record(name, point, parent, at, record.Start, start+`,"sonde":{"kind":"`+kind+`"},`)
	if below != nil {
		below(point)
	}
	if stop != "" {
		stop += ","
	}
	w.record(name, point, parent, at, record.Stop, stop)
}

func (w *writer) record(name string, point, parent header.ID, at place, phase record.Phase, members string) {
	w.clock += int64(1+w.random.IntN(400)) * 1000
	e := record.New(record.Fields{
		Name: name, Phase: phase, Trace: Trace, Parent: parent, Point: point, Time: began + w.clock,
		Project: "shop", Service: at.service, Host: at.host, Info: []byte("{" + members + `"host":"` + at.host + `"}`),
	})
	w.line = append(e.AppendJSON(w.line[:0]), '\n')
	if _, err := w.out.Write(w.line); err != nil {
		w.err = err
	}
}
