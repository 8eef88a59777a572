package sqlpoint

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

// Args says what is recorded about a statement's arguments: sqltrace.Args has the
// words for it.
type Args struct {
	Kind  ArgsKind
	Names []string // of ArgsAllow
}

// ArgsKind is how much is recorded about arguments.
type ArgsKind uint8

// The kinds, from nothing to everything.
const (
	ArgsOff ArgsKind = iota
	ArgsCount
	ArgsShape
	ArgsAllow
	ArgsAll
)

// maxArgs is how many arguments of one statement are recorded.
const maxArgs = 100

// attr is what a, which is not ArgsOff, records about args. About an argument that
// the mask hides, by its name or that of its column, it says nothing.
func (a Args) attr(args []driver.NamedValue, mask *layer.Mask, columns func() []string) slog.Attr {
	if a.Kind == ArgsCount {
		return slog.Int("param_count", len(args))
	}
	var names []string
	if a.Kind == ArgsAll || a.Kind == ArgsAllow {
		names = columns()
	}
	p := params{named: args[0].Name != "", values: make([]param, 0, min(len(args), maxArgs))}
	for i := range args[:min(len(args), maxArgs)] {
		v := &args[i]
		value := any(shape(v.Value))
		if a.Kind == ArgsAll || a.Kind == ArgsAllow && slices.Contains(a.Names, argName(v)) {
			value = plain(v.Value)
			if mask.Hides(v.Name) || i < len(names) && mask.Hides(names[i]) {
				value = layer.Masked
			}
		}
		p.values = append(p.values, param{argName(v), value})
	}
	return slog.Any("params", p)
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
