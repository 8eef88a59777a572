package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// slowChain has a gateway that asks the orders, which ask the stock, whose
// database is slow. Each of them has healthy queries too.
func slowChain(ctx context.Context, s *site) (string, error) {
	stockDB := s.database(map[string]time.Duration{"shelves": s.brief, "movements": s.slow})
	stock := s.serve(s.service("stock"), "shop.Stock", "Left", func(ctx context.Context, id string) (string, error) {
		if _, err := lookUp(ctx, stockDB, "SELECT name FROM shelves WHERE id = ?", id); err != nil {
			return "", err
		}
		return lookUp(ctx, stockDB, "SELECT name FROM movements WHERE id = ?", id)
	})
	orderDB := s.database(map[string]time.Duration{"orders": s.brief, "customers": s.brief})
	order := s.serve(s.service("orders"), "shop.Orders", "Get", func(ctx context.Context, id string) (string, error) {
		if _, err := lookUp(ctx, orderDB, "SELECT name FROM orders WHERE id = ?", id); err != nil {
			return "", err
		}
		if _, err := stock(ctx, id); err != nil {
			return "", err
		}
		return lookUp(ctx, orderDB, "SELECT name FROM customers WHERE id = ?", id)
	})
	url := s.web(s.service("gateway"), "GET /orders/{id}", order)
	return fmt.Sprintf("SELECT … FROM movements in stock takes %v", s.slow), s.want(ctx, url+"/orders/1", 200)
}

// slowFanOut has a page whose parts are fetched at once. The page is there when
// its slowest part is; which one that is, is drawn by lot.
func slowFanOut(ctx context.Context, s *site) (string, error) {
	parts := []string{"hero", "menu", "offers", "reviews", "related", "history", "cart", "footer"}
	slow := rand.New(rand.NewPCG(s.seed, 0)).IntN(len(parts))
	tables := map[string]time.Duration{}
	for i, part := range parts {
		tables[part] = time.Duration(i+1) * s.slow / 40
	}
	tables[parts[slow]] = s.slow
	db := s.database(tables)
	part := s.serve(s.service("parts"), "page.Parts", "Get", func(ctx context.Context, part string) (string, error) {
		return lookUp(ctx, db, "SELECT name FROM "+part+" WHERE id = 1")
	})
	url := s.web(s.service("page"), "GET /{$}", func(ctx context.Context, _ string) (string, error) {
		errs := make([]error, len(parts))
		var fetching sync.WaitGroup
		for i, name := range parts {
			fetching.Add(1)
			go func() {
				defer fetching.Done()
				_, errs[i] = part(ctx, name)
			}()
		}
		fetching.Wait()
		return "the page", errors.Join(errs...)
	})
	return fmt.Sprintf("SELECT … FROM %s takes %v, the other seven %v at most (seed %d)", parts[slow], s.slow, s.slow/5, s.seed),
		s.want(ctx, url+"/", 200)
}
