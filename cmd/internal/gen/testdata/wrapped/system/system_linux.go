//go:build linux && !tiny

// Package system is built for some systems only.
package system

import "context"

//sonde:trace
type Clock interface {
	Now(ctx context.Context) (int64, error)
}
