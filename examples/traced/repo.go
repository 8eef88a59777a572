// Package traced has a type that is traced by name, and one that is traced by
// declaration. What "sonde gen" has written of them is committed beside them.
package traced

import (
	"context"
	"fmt"
)

//go:generate go run github.com/sonde-go/sonde/cmd/sonde gen -type Repo -o repo_traced.go

// Repo is an interface, as a service has one for each thing that it needs.
type Repo interface {
	Find(ctx context.Context, sku string) (Item, error)
	LogIn(ctx context.Context, user, password string) error
	Len() int
}

// Item is what a Repo holds.
type Item struct {
	SKU   string
	Cents int
}

// Shelf is a Repo in memory.
type Shelf []Item

// Find returns the item of a SKU.
func (s Shelf) Find(_ context.Context, sku string) (Item, error) {
	for _, item := range s {
		if item.SKU == sku {
			return item, nil
		}
	}
	return Item{}, fmt.Errorf("there is no %s", sku)
}

// LogIn takes everybody.
func (Shelf) LogIn(context.Context, string, string) error { return nil }

// Len is the number of items.
func (s Shelf) Len() int { return len(s) }
