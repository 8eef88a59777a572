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

	"github.com/sonde-go/sonde/layer"
)

// Args says what is recorded about a statement's arguments, which may be secrets.
// The zero Args records nothing. At most the first hundred arguments are recorded.
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

// ArgsAllow records the values of the named arguments and the shape of all others.
// A name is that of [database/sql.Named], or the argument's number, from "1".
// Masked values are "***", as with [ArgsAll].
func ArgsAllow(names ...string) Args {
	return Args{kind: argsAllow, names: slices.Clone(names)}
}

// ArgsAll records the values of all arguments, as OSProfiler does: "params" is a
// list, or an object if they have names. Values that the Service's mask hides, by
// their names or those of the columns that they are for, are "***".
func ArgsAll() Args { return Args{kind: argsAll} }

// attr is what a records about args; false if it is nothing. About an argument that
// the mask hides, by its name or that of its column, it says nothing.
func (a Args) attr(args []driver.NamedValue, mask *layer.Mask, columns func() []string) (slog.Attr, bool) {
	if a.kind == argsOff || len(args) == 0 {
		return slog.Attr{}, false
	}
	if a.kind == argsCount {
		return slog.Int("param_count", len(args)), true
	}
	var names []string
	if a.kind == argsAll || a.kind == argsAllow {
		names = columns()
	}
	p := params{named: args[0].Name != "", values: make([]param, 0, min(len(args), maxArgs))}
	for i := range args[:min(len(args), maxArgs)] {
		v := &args[i]
		value := any(shape(v.Value))
		if a.kind == argsAll || a.kind == argsAllow && slices.Contains(a.names, argName(v)) {
			value = plain(v.Value)
			if mask.Hides(v.Name) || i < len(names) && mask.Hides(names[i]) {
				value = layer.Masked
			}
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

// plain is v as it is stored. Values of types that only the driver knows are
// replaced by their shape, since their own methods could do anything.
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
