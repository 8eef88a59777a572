// Package embed has methods from elsewhere.
package embed

import (
	"context"
	sql1 "database/sql"
	"database/sql/driver"
	"net"
)

type base struct{ n int }

func (b *base) Ping(ctx context.Context) error { b.n++; return ctx.Err() }
func (b *base) Count() int                     { return b.n }

type closer interface{ Close(context.Context) error }

//sonde:trace
type Service struct {
	*base
	closer
	net.Resolver
	name string
}

//sonde:trace name=conn
type Conn interface {
	driver.ConnBeginTx
	driver.QueryerContext
	Query(ctx context.Context, opts *sql1.TxOptions) (sql1.Result, error)
}
