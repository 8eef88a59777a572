// Package generic has types with parameters.
package generic

import (
	"cmp"
	"context"
	"iter"
)

//sonde:trace
type Cache[K cmp.Ordered, V any] struct {
	Values map[K]V
}

func (c *Cache[Key, T]) Get(ctx context.Context, k Key) (T, error) { return c.Values[k], nil }

func (c *Cache[K, V]) All(ctx context.Context, from ...K) iter.Seq2[K, V] { return nil }

func (c *Cache[_, V]) Put(ctx context.Context, p Pair[string, V]) {}

func (c *Cache[K, V]) Len() int { return len(c.Values) }

type Pair[A, B any] struct {
	A A
	B B
}

//sonde:trace hide_result=false
type Source[T interface{ ~int | ~string }, _ any] interface {
	Next(ctx context.Context) (value T, ok bool, err error)
}

// Number is a Source by another name.
type Number = Source[int, bool]

//sonde:trace
type Numbers = Number

// Store is what a Cache of one kind is.
//
//sonde:trace
type Store struct {
	*Cache[string, []byte]
	Source[int, error]
}
