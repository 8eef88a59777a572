// Package outside traces types of another package.
package outside

import (
	"context"

	"example.com/wrapped/vault"
)

//go:generate go run github.com/sonde-go/sonde/cmd/sonde gen -type example.com/wrapped/vault.Vault,example.com/wrapped/vault.Sealed -name vault -o vault_traced.go

// Lock uses both.
func Lock(ctx context.Context, v *vault.Vault, s vault.Sealed) error {
	if _, err := NewVaultTraced(v).Lock(ctx); err != nil {
		return err
	}
	var again vault.Sealed = NewSealedTraced(s)
	return again.Do(ctx)
}
