package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sonde-go/sonde/record"
)

// clock has a service on a host whose clock is wrong. All services here are in
// one process, so the clock is not really another: the sink of that service
// moves what its records say.
func clock(ctx context.Context, s *site) (string, error) {
	db := s.database(map[string]time.Duration{"shelves": s.slow / 20})
	stock := s.serve(s.recorded("stock", behind{s.store, s.behind}), "shop.Stock", "Left", func(ctx context.Context, id string) (string, error) {
		return lookUp(ctx, db, "SELECT name FROM shelves WHERE id = ?", id)
	})
	prices := s.database(map[string]time.Duration{"prices": s.slow / 4})
	url := s.web(s.service("gateway"), "GET /orders/{id}", func(ctx context.Context, id string) (string, error) {
		for range 3 {
			if _, err := stock(ctx, id); err != nil {
				return "", err
			}
		}
		return lookUp(ctx, prices, "SELECT name FROM prices WHERE id = ?", id)
	})
	return fmt.Sprintf("the clock of stock is %v behind", s.behind), s.want(ctx, url+"/orders/1", 200)
}

// behind is the sink of a service whose clock is behind by so much.
type behind struct {
	record.Sink
	by time.Duration
}

func (b behind) Notify(ctx context.Context, events []record.Event) error {
	moved := slices.Clone(events) // a batch that fails is given again
	for i := range moved {
		moved[i].Change(func(f *record.Fields) { f.Time -= int64(b.by) })
	}
	return b.Sink.Notify(ctx, moved)
}
