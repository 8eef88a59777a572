package profiler

import "testing"

func TestIsOwn(t *testing.T) {
	for _, c := range []struct {
		function, module string
		want             bool
	}{
		{"main.main", "", true},
		{"main.(*cart).load.func1", "example.com/shop", true},
		{"example.com/shop.Load", "example.com/shop", true},
		{"example.com/shop/internal/cart.(*Cart[...]).Load", "example.com/shop", true},
		{"example.com/shopping.Load", "example.com/shop", false},
		{"github.com/jmoiron/sqlx.GetContext", "example.com/shop", false},
		{"github.com/jmoiron/sqlx.GetContext", "", true}, // all that can be told is that it is not Go's
		{"database/sql.(*DB).QueryContext", "", false},
		{"database/sql.(*DB).QueryContext", "example.com/shop", false},
		{"runtime.goexit", "", false},
		{"github.com/sonde-go/sonde/sqltrace.(*config).open", "github.com/sonde-go/sonde", false},
		{"github.com/sonde-go/sonde/sqltrace_test.TestQuery", "github.com/sonde-go/sonde", true},
		{"github.com/sonde-go/sonde/examples/internal/shop.reserve", "github.com/sonde-go/sonde/examples", true},
		{"", "example.com/shop", false},
	} {
		if got := isOwn(c.function, c.module); got != c.want {
			t.Errorf("%s in %q: %t, want %t", c.function, c.module, got, c.want)
		}
	}
}
