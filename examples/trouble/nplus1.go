package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/profiler"
)

// nplus1Params asks for the customer of each order, one by one.
func nplus1Params(ctx context.Context, s *site) (string, error) {
	const query = "SELECT name FROM customers WHERE id = ?"
	return fmt.Sprintf("%s ×%d", query, s.repeats), s.nplus1(ctx, func(ctx context.Context, db *sql.DB, id int) (string, error) {
		return lookUp(ctx, db, query, id)
	})
}

// nplus1Literals is the same by somebody who puts statements together.
func nplus1Literals(ctx context.Context, s *site) (string, error) {
	const query = "SELECT name FROM customers WHERE id = "
	return fmt.Sprintf("%s1 … %d", query, s.repeats), s.nplus1(ctx, func(ctx context.Context, db *sql.DB, id int) (string, error) {
		return lookUp(ctx, db, query+strconv.Itoa(id))
	})
}

// nplus1 has a list of orders, each with what customer finds for it.
func (s *site) nplus1(ctx context.Context, customer func(context.Context, *sql.DB, int) (string, error)) error {
	db := s.database(map[string]time.Duration{"orders": 0, "customers": s.brief})
	url := s.web(s.service("shop"), "GET /orders", func(ctx context.Context, _ string) (string, error) {
		orders, err := ids(ctx, db, "SELECT id FROM orders")
		for _, id := range orders {
			if _, err := customer(ctx, db, id); err != nil {
				return "", err
			}
		}
		return "all orders", err
	})
	return s.want(ctx, url+"/orders", 200)
}

// nplus1Subtrees prices each line of a cart: what is repeated is not one point
// but a tree of a function, queries of two services and the call between them.
func nplus1Subtrees(ctx context.Context, s *site) (string, error) {
	taxes := s.database(map[string]time.Duration{"taxes": s.brief})
	tax := s.serve(s.service("tax"), "shop.Tax", "Rate", func(ctx context.Context, id string) (string, error) {
		return lookUp(ctx, taxes, "SELECT name FROM taxes WHERE id = ?", id)
	})
	carts := s.database(map[string]time.Duration{"lines": 0, "prices": s.brief})
	price := func(ctx context.Context, id int) error {
		return profiler.Trace(ctx, "price_line", func(ctx context.Context) error {
			if _, err := lookUp(ctx, carts, "SELECT name FROM prices WHERE id = ?", id); err != nil {
				return err
			}
			_, err := tax(ctx, strconv.Itoa(id))
			return err
		}, slog.Int("line", id))
	}
	url := s.web(s.service("cart"), "GET /cart", func(ctx context.Context, _ string) (string, error) {
		lines, err := ids(ctx, carts, "SELECT id FROM lines")
		for _, id := range lines {
			if err := price(ctx, id); err != nil {
				return "", err
			}
		}
		return "the sum", err
	})
	return fmt.Sprintf("price_line ×%d, each with a query, a call of shop.Tax/Rate, and a query there", s.repeats),
		s.want(ctx, url+"/cart", 200)
}

// nplus1GRPC asks another service for one product after the other.
func nplus1GRPC(ctx context.Context, s *site) (string, error) {
	products := s.database(map[string]time.Duration{"products": s.brief})
	product := s.serve(s.service("catalog"), "shop.Catalog", "GetProduct", func(ctx context.Context, id string) (string, error) {
		return lookUp(ctx, products, "SELECT name FROM products WHERE id = ?", id)
	})
	url := s.web(s.service("frontend"), "GET /cart", func(ctx context.Context, _ string) (string, error) {
		for id := range s.repeats {
			if _, err := product(ctx, strconv.Itoa(id+1)); err != nil {
				return "", err
			}
		}
		return "the cart", nil
	})
	return fmt.Sprintf("shop.Catalog/GetProduct ×%d", s.repeats), s.want(ctx, url+"/cart", 200)
}
