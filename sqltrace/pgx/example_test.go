package sondepgx_test

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/sonde-go/sonde/sqltrace"
	sondepgx "github.com/sonde-go/sonde/sqltrace/pgx"
)

func ExampleTrace() {
	config, err := pgxpool.ParseConfig("postgres://shop@localhost/shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	sondepgx.Trace(config.ConnConfig)

	pool, err := pgxpool.NewWithConfig(context.Background(), config) // connects when it has to
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println("connections:", pool.Stat().TotalConns())
	// Output: connections: 0
}

// A single connection, and points that show how many arguments a statement had.
func ExampleTrace_options() {
	config, err := pgx.ParseConfig("postgres://shop@localhost/shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	sondepgx.Trace(config, sqltrace.WithName("orders"), sqltrace.WithArgs(sqltrace.ArgsCount()))
	// conn, err := pgx.ConnectConfig(ctx, config)
}
