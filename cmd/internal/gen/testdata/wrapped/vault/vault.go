// Package vault has types that others cannot name.
package vault

import (
	"context"

	"example.com/wrapped/vault/internal/keys"
)

type secret struct{}

type KeyOf = keys.Key

type Vault struct{}

func (*Vault) Open(ctx context.Context, k keys.Key) error              { return nil }
func (*Vault) Peek(ctx context.Context, s *secret) error               { return nil }
func (*Vault) Turn(ctx context.Context, k KeyOf) error                 { return nil }
func (*Vault) Lock(ctx context.Context) ([]map[string]int, error)      { return nil, nil }
func (*Vault) unlock(ctx context.Context) error                        { return nil }
func (*Vault) Shape(ctx context.Context, s struct{ hidden int }) error { return nil }

// Sealed cannot be implemented elsewhere, but embedded.
type Sealed interface {
	Do(ctx context.Context) error
	sealed()
}

// Inside may name what is internal.
//
//sonde:trace
type Inside interface {
	Open(ctx context.Context, k *keys.Key) error
}
