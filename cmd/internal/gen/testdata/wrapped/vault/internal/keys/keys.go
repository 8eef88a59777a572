// Package keys is internal to vault.
package keys

type Key struct{ Bits int }

type Alias = Key
