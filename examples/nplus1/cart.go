// Package nplus1 is a service with a trouble that nobody sees before there is much
// data, and the test that sees it with three rows: a cart whose products are read
// one by one.
package nplus1

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/jmoiron/sqlx"
)

const schema = `
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price INTEGER);
CREATE TABLE items (cart INTEGER, product INTEGER, count INTEGER)`

type item struct {
	Product int `json:"product"`
	Count   int `json:"count"`

	Name  string `json:"name" db:"-"`
	Price int    `json:"price" db:"-"`
}

type product struct {
	ID    int
	Name  string
	Price int
}

// shop serves carts.
type shop struct {
	db *sqlx.DB

	// oneByOne puts the trouble back: a query for each product.
	oneByOne bool
}

func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /carts/{id}", func(w http.ResponseWriter, r *http.Request) {
		items, err := s.cart(r.Context(), r.PathValue("id"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(items)
	})
	return mux
}

// cart is what is in a cart, with names and prices.
func (s *shop) cart(ctx context.Context, id string) ([]item, error) {
	var items []item
	if err := s.db.SelectContext(ctx, &items, `SELECT product, count FROM items WHERE cart = ?`, id); err != nil || len(items) == 0 {
		return items, err
	}
	products, err := s.products(ctx, items)
	if err != nil {
		return nil, err
	}
	for i := range items {
		p := products[items[i].Product]
		items[i].Name, items[i].Price = p.Name, p.Price
	}
	return items, nil
}

func (s *shop) products(ctx context.Context, items []item) (map[int]product, error) {
	all := map[int]product{}
	if s.oneByOne {
		for _, it := range items {
			var p product
			if err := s.db.GetContext(ctx, &p, `SELECT id, name, price FROM products WHERE id = ?`, it.Product); err != nil {
				return nil, err
			}
			all[p.ID] = p
		}
		return all, nil
	}
	var ids []int
	for _, it := range items {
		ids = append(ids, it.Product)
	}
	query, args, err := sqlx.In(`SELECT id, name, price FROM products WHERE id IN (?)`, ids)
	if err != nil {
		return nil, err
	}
	var list []product
	if err := s.db.SelectContext(ctx, &list, s.db.Rebind(query), args...); err != nil {
		return nil, err
	}
	for _, p := range list {
		all[p.ID] = p
	}
	return all, nil
}
