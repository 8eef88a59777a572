package sondepgx

import (
	"database/sql/driver"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/sonde-go/sonde/internal/callargs"
)

// unseen stands for arguments that nobody has seen here, so that their call is like
// no other: nothing is known of a function.
var unseen = []driver.NamedValue{{Ordinal: 1, Value: func() {}}}

// named are the arguments of a call without the options that pgx takes before them.
func named(args []any) []driver.NamedValue {
	if len(args) == 0 {
		return nil
	}
	list := make([]driver.NamedValue, 0, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
			if len(list) == 0 {
				continue
			}
		case pgx.NamedArgs:
			if len(list) == 0 {
				return byName(arg)
			}
		case pgx.StrictNamedArgs:
			if len(list) == 0 {
				return byName(arg)
			}
		case pgx.QueryRewriter:
			if len(list) == 0 {
				return slices.Clone(unseen)
			}
		}
		list = append(list, driver.NamedValue{Ordinal: len(list) + 1, Value: callargs.Simple(args[i])})
	}
	return list
}

func byName(args map[string]any) []driver.NamedValue {
	list := make([]driver.NamedValue, 0, len(args))
	for i, name := range slices.Sorted(maps.Keys(args)) {
		list = append(list, driver.NamedValue{Name: name, Ordinal: i + 1, Value: callargs.Simple(args[name])})
	}
	return list
}

// forget removes the arguments that their owner may change while rows are open, and
// reports whether there are any.
func forget(args []driver.NamedValue) (any bool) {
	for i := range args {
		switch args[i].Value.(type) {
		case nil, bool, int64, float64, string, time.Time:
		default:
			args[i].Value, any = nil, true
		}
	}
	return any
}
