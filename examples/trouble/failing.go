package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/sonde-go/sonde/profiler"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// failure has a query for a table that is not there, in the third service. The
// first one makes a 500 of it.
func failure(ctx context.Context, s *site) (string, error) {
	db := s.database(map[string]time.Duration{"shelves": s.brief})
	stock := s.serve(s.service("stock"), "shop.Stock", "Reserve", func(ctx context.Context, id string) (string, error) {
		if _, err := lookUp(ctx, db, "SELECT name FROM shelves WHERE id = ?", id); err != nil {
			return "", err
		}
		return lookUp(ctx, db, "SELECT name FROM reservations WHERE id = ?", id)
	})
	order := s.serve(s.service("orders"), "shop.Orders", "Place", stock)
	url := s.web(s.service("gateway"), "GET /orders/{id}", order)
	return "no such table: reservations, in stock, below orders and gateway", s.want(ctx, url+"/orders/1", 500)
}

// retryStorm has a gateway and a service below it that both try three times,
// with pauses that grow, what fails each time in the third service.
func retryStorm(ctx context.Context, s *site) (string, error) {
	const tries = 3
	retried := func(do method) method {
		return func(ctx context.Context, arg string) (answer string, err error) {
			for try := range tries {
				if try > 0 {
					time.Sleep(s.slow / 10 << try)
				}
				if answer, err = do(ctx, arg); err == nil {
					break
				}
			}
			return answer, err
		}
	}
	stock := s.serve(s.service("stock"), "shop.Stock", "Reserve", func(context.Context, string) (string, error) {
		time.Sleep(s.brief)
		return "", status.Error(codes.Unavailable, "the warehouse is closed")
	})
	order := s.serve(s.service("orders"), "shop.Orders", "Place", retried(stock))
	url := s.web(s.service("gateway"), "GET /orders/{id}", retried(order))
	return fmt.Sprintf("the warehouse is closed ×%d: %d tries in gateway, each %d in orders, with pauses of %v and %v", tries*tries, tries, tries, s.slow/5, s.slow/5*2),
		s.want(ctx, url+"/orders/1", 500)
}

// panics has an index that is out of range in a function that the handler calls.
func panics(ctx context.Context, s *site) (string, error) {
	db := s.database(map[string]time.Duration{"prices": s.brief})
	var discounts []int
	url := s.web(s.service("shop"), "GET /quote/{id}", func(ctx context.Context, id string) (answer string, err error) {
		if answer, err = lookUp(ctx, db, "SELECT name FROM prices WHERE id = ?", id); err != nil {
			return "", err
		}
		return answer, profiler.Trace(ctx, "discount", func(context.Context) error {
			answer += fmt.Sprint(discounts[len(answer)])
			return nil
		})
	})
	_, err := s.ask(ctx, url+"/quote/1")
	if errors.Is(err, io.EOF) { // net/http hangs up
		err = nil
	}
	return "index out of range [8] with length 0, in discount", err
}

// oneOfMany imports lines, one of which is there already. Which one is drawn by
// lot. The request succeeds nevertheless.
func oneOfMany(ctx context.Context, s *site) (string, error) {
	db := s.database(nil)
	lot := rand.New(rand.NewPCG(s.seed, 0))
	bad := 1 + lot.IntN(s.points-1)
	same := lot.IntN(bad)
	url := s.web(s.service("ledger"), "GET /import", func(ctx context.Context, _ string) (string, error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return "", err
		}
		left := 0
		for i := range s.points {
			entry := i
			if i == bad {
				entry = same
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO ledger VALUES (?)", entry); err != nil {
				left++
			}
		}
		return fmt.Sprintf("%d lines left out", left), tx.Commit()
	})
	if s.err == nil {
		_, s.err = db.Exec("CREATE TABLE ledger (entry INTEGER PRIMARY KEY)")
	}
	return fmt.Sprintf("INSERT %d of %d breaks the primary key (seed %d)", bad+1, s.points, s.seed), s.want(ctx, url+"/import", 200)
}
