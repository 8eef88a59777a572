package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sonde-go/sonde/profiler"
)

// hang has a page that asks for a price and for the stock at once. The price is
// there soon, the stock never answers: it waits for a lock that nobody gives up
// before the site is closed.
func hang(ctx context.Context, s *site) (string, error) {
	locked, asked := make(chan struct{}), make(chan struct{})
	stock := s.serve(s.service("stock"), "shop.Stock", "Left", func(context.Context, string) (string, error) {
		close(asked)
		<-locked
		return "", nil
	})
	priceDB := s.database(map[string]time.Duration{"prices": s.slow / 4})
	price := s.serve(s.service("prices"), "shop.Prices", "Get", func(ctx context.Context, id string) (string, error) {
		return lookUp(ctx, priceDB, "SELECT name FROM prices WHERE id = ?", id)
	})
	priced := make(chan struct{})
	url := s.web(s.service("gateway"), "GET /product/{id}", func(ctx context.Context, id string) (string, error) {
		left := make(chan error, 1)
		go func() {
			_, err := stock(ctx, id)
			left <- err
		}()
		_, err := price(ctx, id)
		close(priced)
		return "the product", errors.Join(err, <-left)
	})

	answered := make(chan error, 1)
	go func() { answered <- s.want(ctx, url+"/product/1", 200) }()
	s.onStop(func() error { close(locked); return <-answered })
	for _, happens := range []<-chan struct{}{asked, priced, after(s.slow)} {
		select {
		case <-happens:
		case err := <-answered:
			answered <- err
			return "", fmt.Errorf("the request does not hang: %w", err)
		}
	}
	return fmt.Sprintf("shop.Stock/Left has not ended, read after %v; shop.Prices/Get took %v", s.slow, s.slow/4), nil
}

func after(d time.Duration) <-chan struct{} {
	c := make(chan struct{})
	time.AfterFunc(d, func() { close(c) })
	return c
}

// timeout has a call with a deadline that is a quarter of what its server takes.
func timeout(ctx context.Context, s *site) (string, error) {
	db := s.database(map[string]time.Duration{"products": s.brief})
	recommend := s.serve(s.service("recommender"), "shop.Recommender", "For", func(ctx context.Context, _ string) (string, error) {
		select {
		case <-time.After(s.slow * 4):
			return "this", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	url := s.web(s.service("shop"), "GET /product/{id}", func(ctx context.Context, id string) (string, error) {
		if _, err := lookUp(ctx, db, "SELECT name FROM products WHERE id = ?", id); err != nil {
			return "", err
		}
		ctx, cancel := context.WithTimeout(ctx, s.slow)
		defer cancel()
		return recommend(ctx, id)
	})
	return fmt.Sprintf("shop.Recommender/For is given up after %v", s.slow), s.want(ctx, url+"/product/1", 504)
}

// emptyPool has a job that holds the only connection of the pool in its
// transaction, while the request has a query.
func emptyPool(ctx context.Context, s *site) (string, error) {
	db := s.database(map[string]time.Duration{"customers": s.brief, "carts": s.brief})
	url := s.web(s.service("shop"), "GET /cart/{id}", func(ctx context.Context, id string) (string, error) {
		if _, err := lookUp(ctx, db, "SELECT name FROM customers WHERE id = ?", id); err != nil {
			return "", err
		}
		tx, err := db.Begin() // the job's: its context carries no trace
		if err != nil {
			return "", err
		}
		answer := ""
		err = profiler.Trace(ctx, "load_cart", func(ctx context.Context) error {
			time.AfterFunc(s.slow, func() { _ = tx.Rollback() })
			answer, err = lookUp(ctx, db, "SELECT name FROM carts WHERE id = ?", id)
			return err
		})
		return answer, err
	})
	if s.err == nil {
		db.SetMaxOpenConns(1)
	}
	return fmt.Sprintf("SELECT … FROM carts waits %v for a connection, in load_cart", s.slow), s.want(ctx, url+"/cart/1", 200)
}

// outlives has a goroutine that the handler does not wait for. It begins its
// query when the answer has come, so that it is late on every machine.
func outlives(ctx context.Context, s *site) (string, error) {
	db := s.database(map[string]time.Duration{"orders": s.brief, "receipts": s.slow})
	answered, done := make(chan struct{}), make(chan error, 1)
	receipt := func(ctx context.Context, id string) {
		done <- profiler.Trace(ctx, "send_receipt", func(ctx context.Context) error {
			<-answered
			_, err := lookUp(ctx, db, "SELECT name FROM receipts WHERE id = ?", id)
			return err
		})
	}
	url := s.web(s.service("shop"), "GET /orders/{id}", func(ctx context.Context, id string) (string, error) {
		go receipt(context.WithoutCancel(ctx), id)
		return lookUp(ctx, db, "SELECT name FROM orders WHERE id = ?", id)
	})
	err := s.want(ctx, url+"/orders/1", 200)
	close(answered)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("send_receipt goes on for %v after the answer", s.slow), <-done
}
