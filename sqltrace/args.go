package sqltrace

import (
	"slices"

	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
)

// Args says what is recorded about a statement's arguments, which may be secrets.
// The zero Args records nothing. At most the first hundred arguments are recorded.
type Args struct{ args sqlpoint.Args }

// ArgsCount records how many arguments there are, as "param_count".
func ArgsCount() Args { return Args{sqlpoint.Args{Kind: sqlpoint.ArgsCount}} }

// ArgsShape records the type of each argument, and the length of strings and
// byte slices, as "params": "int64", "string(12)", "nil".
func ArgsShape() Args { return Args{sqlpoint.Args{Kind: sqlpoint.ArgsShape}} }

// ArgsAllow records the values of the named arguments and the shape of all others.
// A name is that of [database/sql.Named], or the argument's number, from "1".
// Masked values are "***", as with [ArgsAll].
func ArgsAllow(names ...string) Args {
	return Args{sqlpoint.Args{Kind: sqlpoint.ArgsAllow, Names: slices.Clone(names)}}
}

// ArgsAll records the values of all arguments, as OSProfiler does: "params" is a
// list, or an object if they have names. Values that the Service's mask hides, by
// their names or those of the columns that they are for, are "***".
func ArgsAll() Args { return Args{sqlpoint.Args{Kind: sqlpoint.ArgsAll}} }
