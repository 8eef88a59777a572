package sqltrace

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Args says what is recorded of a statement's arguments, which may be secrets.
// The zero Args records nothing. Of more than a hundred arguments the first
// hundred are looked at.
type Args struct {
	kind  argsKind
	names []string
}

type argsKind uint8

const (
	argsOff argsKind = iota
	argsCount
	argsShape
	argsAllow
	argsAll
)

// maxArgs is how many arguments of one statement are recorded.
const maxArgs = 100

// ArgsCount records how many arguments there are, as "param_count".
func ArgsCount() Args { return Args{kind: argsCount} }

// ArgsShape records the type of each argument, and the length of strings and
// byte slices, as "params": "int64", "string(12)", "nil".
func ArgsShape() Args { return Args{kind: argsShape} }

// ArgsAllow records the named arguments as they are and the shape of all
// others. A name is that of [database/sql.Named] or the argument's number,
// from "1".
func ArgsAllow(names ...string) Args {
	return Args{kind: argsAllow, names: slices.Clone(names)}
}

// ArgsAll records the arguments as they are, as OSProfiler does: "params" is a
// list, or an object if they have names.
func ArgsAll() Args { return Args{kind: argsAll} }

// attr is what a says of args; false if it says nothing.
func (a Args) attr(args []driver.NamedValue) (slog.Attr, bool) {
	if a.kind == argsOff || len(args) == 0 {
		return slog.Attr{}, false
	}
	if a.kind == argsCount {
		return slog.Int("param_count", len(args)), true
	}
	p := params{named: args[0].Name != "", values: make([]param, 0, min(len(args), maxArgs))}
	for i := range args[:min(len(args), maxArgs)] {
		v := &args[i]
		value := any(shape(v.Value))
		if a.kind == argsAll || a.kind == argsAllow && slices.Contains(a.names, argName(v)) {
			value = plain(v.Value)
		}
		p.values = append(p.values, param{argName(v), value})
	}
	return slog.Any("params", p), true
}

func argName(v *driver.NamedValue) string {
	if v.Name != "" {
		return v.Name
	}
	return strconv.Itoa(v.Ordinal)
}

func shape(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return fmt.Sprintf("string(%d)", len(v))
	case []byte:
		return fmt.Sprintf("bytes(%d)", len(v))
	}
	return fmt.Sprintf("%T", v)
}

// plain is v as it is stored. Values that only the driver knows are given by
// their shape: their own code could do anything.
func plain(v any) any {
	switch v := v.(type) {
	case nil, bool, int64, string:
		return v
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return v
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
	}
	return shape(v)
}

type param struct {
	name  string
	value any
}

// params is a JSON list, or an object if the arguments have names.
type params struct {
	named  bool
	values []param
}

// MarshalJSON implements [json.Marshaler].
func (p params) MarshalJSON() ([]byte, error) {
	if p.named {
		m := make(map[string]any, len(p.values))
		for _, v := range p.values {
			m[v.name] = v.value
		}
		return json.Marshal(m)
	}
	l := make([]any, len(p.values))
	for i, v := range p.values {
		l[i] = v.value
	}
	return json.Marshal(l)
}
