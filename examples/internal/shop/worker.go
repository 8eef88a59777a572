package shop

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/profiler"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
)

const orderSchema = `CREATE TABLE orders (sku TEXT, count INTEGER, price INTEGER)`

// worker writes down the orders that come over the bus.
type worker struct {
	db      *sqlx.DB
	written chan struct{} // one value an order
}

func startWorker(svc *profiler.Service, bus *nats.Conn, db *sqlx.DB) (written <-chan struct{}, err error) {
	w := &worker{db: db, written: make(chan struct{}, 16)}
	_, err = bus.QueueSubscribe("orders.*", "workers", sondenats.Handler(svc, w.handle))
	if err != nil {
		return nil, err
	}
	return w.written, bus.Flush()
}

func (w *worker) handle(ctx context.Context, m *nats.Msg) {
	defer func() { w.written <- struct{}{} }()
	var sku string
	var count, price int64
	if _, err := fmt.Sscan(string(m.Data), &sku, &count, &price); err != nil {
		slog.Error("an order that cannot be read", "error", err)
		return
	}
	if _, err := w.db.ExecContext(ctx, `INSERT INTO orders VALUES (?, ?, ?)`, sku, count, price); err != nil {
		slog.Error("an order is lost", "error", err)
	}
}
