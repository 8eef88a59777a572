package sqltrace_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/sonde-go/sonde/sqltrace"
	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

func init() { sql.Register("example", fakedb.Driver{Server: modern()}) }

// In a program the driver is imported, for instance
//
//	import _ "github.com/jackc/pgx/v5/stdlib"
//
// and the context comes from a request.
func ExampleOpen() {
	db, err := sqltrace.Open("example", "postgres://localhost/shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()

	var n int
	var name string
	err = db.QueryRowContext(context.Background(), "ROWS 1").Scan(&n, &name)
	fmt.Println(n, name, err)
	// Output: 1 row 1 <nil>
}

func ExampleOpenDB() {
	connector := modern() // for instance from pgx's stdlib.GetConnector
	db := sqltrace.OpenDB(connector, sqltrace.WithArgs(sqltrace.ArgsShape()))
	defer db.Close()
	fmt.Println(db.PingContext(context.Background()))
	// Output: <nil>
}

func ExampleRegister() {
	if err := sqltrace.Register("example-traced", "example", sqltrace.WithArgs(sqltrace.ArgsCount())); err != nil {
		fmt.Println(err)
		return
	}
	db, err := sql.Open("example-traced", "postgres://localhost/shop") // by code that is not yours
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	fmt.Println(db.PingContext(context.Background()))
	// Output: <nil>
}

// The name given to sqlx is that of the driver, by which it knows the
// placeholders.
func Example_sqlx() {
	db, err := sqltrace.Open("example", "postgres://localhost/shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	dbx := sqlx.NewDb(db, "example")
	defer dbx.Close()

	var goods []struct {
		N int
		S string
	}
	err = dbx.SelectContext(context.Background(), &goods, "ROWS 2")
	fmt.Println(goods, err)
	// Output: [{1 row 1} {2 row 2}] <nil>
}

func ExampleUnwrap() {
	db := sqltrace.OpenDB(modern())
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	err = conn.Raw(func(driverConn any) error {
		_, own := driverConn.(interface{ Ping(context.Context) error })
		fmt.Println(own, sqltrace.Unwrap(driverConn) != driverConn)
		return nil
	})
	fmt.Println(err)
	// Output:
	// true true
	// <nil>
}
